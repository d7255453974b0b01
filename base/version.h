// Which build of Portolan this is; told by CMake.
#pragma once

#include <string>

namespace base {

// `0.1.0`
std::string Version();
// The commit it was built from, and that commit's time (RFC 3339), so that the same sources make
// the same programs; "unknown" outside a git checkout.
std::string GitCommit();
std::string BuildTime();

}  // namespace base
