// Import: server.json documents of others become Servers and ServerVersions, entry by entry.
//
// What is valid is written in one transaction, in order; an entry that the catalog refuses after
// all is refused alone, and the rest is written again without it.
#pragma once

#include <functional>
#include <string>

#include "registry/catalog/catalog.h"

namespace registry {

inline constexpr int kMaxImportEntries = 500;

// Writes as the one who imports, each resource at the revision that was seen
// (Catalog::ApplySeen).
using ApplyAs = std::function<base::Result<v1::ApplyResponse>(const v1::ApplyRequest&)>;

// The catalog's words for a field (`/spec/title: ...`) in those of server.json (`/title: ...`).
std::string InWordsOfTheDocument(std::string message);

base::Result<v1::ImportResponse> Import(const Catalog& catalog, const ApplyAs& apply,
                                        const v1::ImportRequest& request);

}  // namespace registry
