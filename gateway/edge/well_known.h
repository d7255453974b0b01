// The paths that OAuth clients probe by themselves, answered by us and never forwarded: no
// authentication, never 5xx (official clients probe them after any 401, and some before the first
// POST).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/auth/identity_providers.h"
#include "gateway/routing/compiler.h"

namespace gateway {

struct StaticAnswer {
  int status = 404;
  std::string body;
};

// Whether a path is one of them.
bool IsWellKnown(std::string_view path);

// The answer to a probe. `own_url` is the gateway's by the name that the caller has for it; empty: by none of ours.
// REQUIRES: IsWellKnown(path).
StaticAnswer WellKnown(std::string_view method, std::string_view path, std::string_view own_url,
                       const RouteTable& table, const base::auth::IdentityProviders& providers);

}  // namespace gateway
