// Who sees a server at all, in every list and search.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/auth/principal.h"
#include "portolan/v1/server.pb.h"

namespace registry {

// Whoever has a role in its namespace sees it, and so do gateways. Others see what is approved, when
// they belong to one of its audiences: public (also when none is given), authenticated,
// consumer:NAME, group:PROVIDER/GROUP.
bool CanSee(const base::auth::Principal& who, std::string_view name,
            const portolan::v1::Server& server);
// The same of its audiences alone, one by one; empty: public.
template <class Audiences>
bool CanSeeAudiences(const base::auth::Principal& who, std::string_view name,
                     const Audiences& audiences);

// Whether `who` belongs to one audience.
bool IsInAudience(const base::auth::Principal& who, std::string_view audience);
// Gateways, and roles in the server's namespace: whatever its audiences and approval.
bool SeesAllOf(const base::auth::Principal& who, std::string_view server);

template <class Audiences>
bool CanSeeAudiences(const base::auth::Principal& who, std::string_view name,
                     const Audiences& audiences) {
  if (audiences.empty() || SeesAllOf(who, name)) return true;
  return std::any_of(audiences.begin(), audiences.end(),
                     [&](const std::string& audience) { return IsInAudience(who, audience); });
}

}  // namespace registry
