// A Principal is who calls, as proven.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace base::auth {

enum class PrincipalKind { kAnonymous, kAgent, kUser, kService };

// `anonymous`, `agent`, `user`, `service`: as policies spell them.
std::string_view KindName(PrincipalKind kind);

struct Principal {
  // `consumer/NAME`, `token/NAME`, `admin`, `anonymous`.
  std::string id = "anonymous";
  PrincipalKind kind = PrincipalKind::kAnonymous;
  std::string tenant;
  // How it was proven: `none`, `api_key`, `call_token`, `admin_token`.
  std::string_view authentication = "none";
  // Roles in the catalog (`admin`); empty for callers.
  std::vector<std::string> roles;

  bool anonymous() const { return kind == PrincipalKind::kAnonymous; }
  bool HasRole(std::string_view role) const;
};

}  // namespace base::auth
