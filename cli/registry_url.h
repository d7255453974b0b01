// The registry's address for clients that send no header: with a read capability of a token or key
// in it (base/auth/read_capability.h).
#pragma once

#include <optional>
#include <string>

#include "cli/context.h"

namespace cli {

// `http://127.0.0.1:8901/r/tok_ci_...`, what VS Code and Copilot take as the registry's URL. Nullopt
// for a credential that has none (the admin token), or when the registry does not say where it is.
std::optional<std::string> RegistryUrlOf(Context& context, const std::string& credential);

}  // namespace cli
