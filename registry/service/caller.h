// A Caller is who asks one of our services, as proven, and from where.
#pragma once

#include <functional>
#include <string>

#include "base/auth/principal.h"
#include "base/result.h"
#include "registry/catalog/permissions.h"
#include "registry/catalog/writer.h"

namespace registry {

struct Caller {
  base::auth::Principal principal;
  // May read without a proof: on this machine and not forwarded (the peer is loopback, Host is a
  // loopback name, and no Forwarded, X-Forwarded-* or Via is there), unless `anonymous_read` says
  // otherwise.
  bool local = false;
  // Name of the gateway whose credential was shown; empty otherwise.
  std::string gateway;
  // The peer, without port, and the door it came by (see Writer).
  std::string address = {};
  std::string_view face = {};

  // Asked again while it has a stream open: whether it is still proven. Null: it showed nothing.
  std::function<base::Result<void>()> still = nullptr;

  bool admin() const { return May(principal, Right::kAdminister); }
  // Refers to the caller.
  Writer writer(std::string_view reason = {}) const { return {principal, address, face, reason}; }
};

// What a method needs.
enum class Access {
  kAnyone,
  kReader,  // anybody with a proof, and anonymous callers on this machine
  kNamed,   // anybody with a proof
  kMember,  // any of the five roles, anywhere
  kWriter,  // any role that writes something, anywhere; the catalog decides about each write
  kOperator,
  kAdmin,
  kGateway,
};

// kUnauthenticated or kPermissionDenied, saying what is needed.
base::Result<void> CheckAccess(const Caller& caller, Access access);

}  // namespace registry
