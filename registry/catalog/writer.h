// A Writer is who changes the catalog, and from where: what permissions and the audit ask about.
#pragma once

#include <string>
#include <string_view>

#include "base/auth/principal.h"

namespace registry {

// Refers to things that outlive the call.
struct Writer {
  const base::auth::Principal& principal;
  // The peer's address, without port.
  std::string_view address = {};
  // By which door: `grpc`, `api`, `registry_api`, `mcp`, `portolan`.
  std::string_view face = "portolan";
  // What the person says about it; goes into the audit.
  std::string_view reason = {};
};

}  // namespace registry
