// The table of a build without the portal.
#include "portal/embedded.h"

namespace portal {

std::span<const base::http::StaticFile> EmbeddedFiles() { return {}; }

}  // namespace portal
