// A Caller is who asks one of our services, as proven, and from where.
#pragma once

#include <string>

#include "base/auth/principal.h"
#include "base/result.h"

namespace registry {

struct Caller {
  base::auth::Principal principal;
  // On this machine and not forwarded: the peer is loopback, Host is a loopback name, and no
  // Forwarded, X-Forwarded-* or Via is there.
  bool local = false;
  // Name of the gateway whose credential was shown; empty otherwise.
  std::string gateway;

  bool admin() const { return principal.HasRole("admin"); }
};

// What a method needs.
enum class Access {
  kAnyone,
  kReader,  // anybody with a proof, and anonymous callers on this machine
  kAdmin,
  kGateway,
};

// kUnauthenticated or kPermissionDenied, saying what is needed.
base::Result<void> CheckAccess(const Caller& caller, Access access);

}  // namespace registry
