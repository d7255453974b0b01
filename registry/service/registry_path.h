// Where the registry API lies: /v0.1 and /v0, as they are or below what clients are configured
// with.
//
//   /v0.1/servers
//   /workspaces/default/v0.1/servers     as Azure API Center spells it
//   /r/CAPABILITY/v0.1/servers           of clients that send no header (base/auth/read_capability.h)
//
// Both prefixes may come together. Slashes at the front count as one, since a base URL is often
// typed with one at its end.
#pragma once

#include <optional>
#include <string_view>

namespace registry {

struct RegistryPath {
  // Empty: none is in the path.
  std::string_view capability;
  // Behind /v0.1 or /v0: empty, or from a slash on.
  std::string_view rest;

  // Refers to `path`. Nullopt: some other path.
  static std::optional<RegistryPath> Read(std::string_view path);
};

}  // namespace registry
