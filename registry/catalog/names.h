// What names may look like.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace registry {

// `namespace/name` of the MCP registry: ^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$, 3 to 200 characters, no
// `..`.
base::Result<void> CheckServerName(std::string_view name);

// `namespace/name@version`, where the version is one that a server.json may have.
struct VersionName {
  std::string_view server;
  std::string_view version;
};
base::Result<VersionName> ParseVersionName(std::string_view name);

// Of PolicySets and Consumers: ^[a-zA-Z0-9][a-zA-Z0-9._@-]{0,127}$, no `..`.
base::Result<void> CheckPlainName(std::string_view name);

// `[a-z0-9][a-z0-9-]{0,62}`: base paths, tags, gateways.
bool IsLabel(std::string_view text);

// What stands before the slash of servers' names, or `io.github.*` for those below as well.
bool IsNamespacePattern(std::string_view pattern);

// A path segment that means something else on the gateway.
bool IsReservedBasePath(std::string_view base_path);

// The part behind the slash, lower case, other characters as `-`; empty when nothing of it can be
// used.
std::string DefaultBasePath(std::string_view server_name);
// The nth suggestion, from 0, for a server whose base path is taken: with its namespace before it,
// then numbered.
std::string BasePathSuggestion(std::string_view server_name, std::string_view base_path, int n);

}  // namespace registry
