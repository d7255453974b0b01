// What an endpoint that takes tokens of identity providers says of itself, so that clients sign in by themselves:
// its metadata (RFC 9728) and its challenges (RFC 6750).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/identity_providers.h"
#include "gateway/routing/compiler.h"

namespace gateway {

// Where a client finds the metadata of `path`, by the URL that it has for this gateway.
std::string MetadataUrl(std::string_view own_url, std::string_view path);

// The metadata of what is behind `/.well-known/oauth-protected-resource`: an endpoint's path, or nothing for the
// whole gateway. Empty: no tokens are taken there.
std::string ProtectedResourceJson(std::string_view own_url, std::string_view path,
                                  const RouteTable& table,
                                  const base::auth::IdentityProviders& providers);

// The value of WWW-Authenticate. `error` is empty when nothing was shown.
struct Challenge {
  std::string_view own_url;
  std::string_view path;
  std::span<const std::string> scopes;
  std::string_view error;
  std::string_view sentence;

  std::string ToString() const;
};

}  // namespace gateway
