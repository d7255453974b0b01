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

// A role in the catalog, everywhere or in some namespaces of it.
struct RoleGrant {
  RoleGrant(std::string_view of, std::vector<std::string> in = {})
      : role(of), namespaces(std::move(in)) {}

  // `viewer`, `publisher`, `approver`, `operator`, `admin`; `gateway` for gateways
  std::string role;
  // What stands before the slash of a server's name (`io.github.acme`); `io.github.*` means those
  // below as well. Empty: everywhere.
  std::vector<std::string> namespaces;

  bool Covers(std::string_view name_space) const;
};

struct Principal {
  // `consumer/NAME`, `token/NAME`, `admin`, `anonymous`.
  std::string id = "anonymous";
  PrincipalKind kind = PrincipalKind::kAnonymous;
  std::string tenant;
  // What is said of it besides, for rules to ask: a raw JSON object, valid throughout; empty: nothing.
  std::string claims_json;
  // How it was proven: `none`, `api_key`, `call_token`, `admin_token`.
  std::string_view authentication = "none";
  // Which of its credentials proved it, where it may have several in time: an API key's id, when a token was made.
  std::string credential;
  // As `PROVIDER/GROUP`, from the identity provider that vouched for it.
  std::vector<std::string> groups;
  // In the catalog; empty for callers.
  std::vector<RoleGrant> roles;

  bool anonymous() const { return kind == PrincipalKind::kAnonymous; }
  // Everywhere.
  bool HasRole(std::string_view role) const;
  // In that namespace at least.
  bool HasRoleIn(std::string_view role, std::string_view name_space) const;
};

}  // namespace base::auth
