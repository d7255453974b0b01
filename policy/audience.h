// Who sees a server: one rule for every list and search of the registry, and for every gateway.
//
//   a role in its namespace, or being a gateway     whatever its audiences
//   public (also when it names no audience)         everybody
//   authenticated                                   everybody who has shown who they are
//   consumer:NAME  principal:ID                     that one
//   group:PROVIDER/GROUP                            its members
//
// Whether a server is approved is another question (registry/catalog/visibility.h).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/auth/principal.h"

namespace policy {

// Every role may view what is in its namespaces.
bool SeesAllOf(const base::auth::Principal& who, std::string_view server);

bool IsInAudience(const base::auth::Principal& who, std::string_view audience);

// The audience that is this one alone: `consumer:NAME` or `principal:ID`.
std::string AudienceOf(std::string_view principal_id);

// Any range of strings; empty: public.
template <class Audiences>
bool IsForEverybody(const Audiences& audiences) {
  return audiences.empty() ||
         std::find(audiences.begin(), audiences.end(), "public") != audiences.end();
}

template <class Audiences>
bool CanSeeAudiences(const base::auth::Principal& who, std::string_view server,
                     const Audiences& audiences) {
  if (audiences.empty() || SeesAllOf(who, server)) return true;
  return std::any_of(audiences.begin(), audiences.end(),
                     [&](const std::string& audience) { return IsInAudience(who, audience); });
}

}  // namespace policy
