// The portal's compiled files, inside the binary.
//
// `npm run build` made them; portal/scripts/pack.mjs compressed them and wrote the table. Empty in a build with
// PORTOLAN_WITHOUT_PORTAL.
#pragma once

#include <span>

#include "base/http/static_files.h"

namespace portal {

// Constant data: lives as long as the process.
std::span<const base::http::StaticFile> EmbeddedFiles();

}  // namespace portal
