// Who may do what in the catalog: the five roles, by namespace.
//
//   viewer     sees everything in its namespaces, whatever the audiences
//   publisher  writes servers and their versions there; a new server is a draft
//   approver   approves and rejects servers, definitions and requests there
//   operator   writes policies, consumers and keys; sees calls
//   admin      everything, also programs to start, roles and tokens
//
// Every role may view; admin holds them all. The next line is the one table of who writes which
// kind: see ToWrite.
#pragma once

#include <string_view>

#include "base/auth/principal.h"
#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace registry {

enum class Right { kView, kPublish, kApprove, kOperate, kAdminister };

// `viewer`, `publisher`, ...
std::string_view RoleWith(Right right);

// Everywhere.
bool May(const base::auth::Principal& who, Right right);
// In one namespace (`io.github.acme`).
bool MayIn(const base::auth::Principal& who, Right right, std::string_view name_space);
// In any namespace at all.
bool MaySomewhere(const base::auth::Principal& who, Right right);

// What stands before the slash of a server's (or version's) name.
std::string_view NamespaceOf(std::string_view server);

// What writing that resource needs, and where; an empty namespace: everywhere.
struct Needed {
  Right right = Right::kAdminister;
  std::string_view name_space;
};
Needed ToWrite(const portolan::v1::Resource& resource);

// kPermissionDenied, naming the role, where, and who was refused.
base::Result<void> CheckMay(const base::auth::Principal& who, Needed needed);

}  // namespace registry
