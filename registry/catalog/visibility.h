// Who sees a server at all, in every list and search.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/auth/principal.h"
#include "portolan/v1/server.pb.h"

namespace registry {

// By the server's audiences: public (also when none is given), authenticated, consumer:NAME. Role
// admin and gateways see everything. Groups come with identity providers; until then nobody but an
// admin is in one.
bool CanSee(const base::auth::Principal& who, const portolan::v1::Server& server);
// The same of its audiences alone, one by one; empty: public.
template <class Audiences>
bool CanSeeAudiences(const base::auth::Principal& who, const Audiences& audiences);

// Whether `who` belongs to one audience.
bool IsInAudience(const base::auth::Principal& who, std::string_view audience);
// Role admin and gateways: everything.
bool SeesEverything(const base::auth::Principal& who);

template <class Audiences>
bool CanSeeAudiences(const base::auth::Principal& who, const Audiences& audiences) {
  if (audiences.empty() || SeesEverything(who)) return true;
  return std::any_of(audiences.begin(), audiences.end(),
                     [&](const std::string& audience) { return IsInAudience(who, audience); });
}

}  // namespace registry
