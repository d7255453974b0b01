// Registry tokens: what `mcp-publisher login` gets for one of our own tokens, and publishes with. A
// five-minute JWT, signed as call tokens are, that holds who somebody is and no rights: those are
// looked up again with every request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "registry/service/caller.h"
#include "registry/service/own_keys.h"

namespace registry {

class RegistryTokens {
 public:
  RegistryTokens(const OwnKeys& keys, const base::Clock& clock) : keys_(keys), clock_(clock) {}

  struct Issued {
    std::string token;
    std::int64_t expires_at_s = 0;
  };
  // kUnauthenticated: for nobody there is none; kPermissionDenied: nor for gateways, nor for a
  // registry token itself, which would live for ever.
  base::Result<Issued> Issue(const Caller& caller) const;

  // Whether a bearer is meant to be one.
  static bool LooksLike(std::string_view token);
  // kUnauthenticated says why it does not count.
  base::Result<base::auth::Principal> Verify(std::string_view token) const;

 private:
  const OwnKeys& keys_;
  const base::Clock& clock_;
};

}  // namespace registry
