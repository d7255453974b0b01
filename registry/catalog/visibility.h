// Who sees a server at all, in every list and search.
#pragma once

#include <string_view>

#include "policy/audience.h"
#include "portolan/v1/access.pb.h"
#include "portolan/v1/server.pb.h"

namespace registry {

using policy::CanSeeAudiences;
using policy::SeesAllOf;

// Whoever has a role in its namespace sees it, and so do gateways. Others see what is approved, when
// they belong to one of its audiences (policy/audience.h).
bool CanSee(const base::auth::Principal& who, std::string_view name,
            const portolan::v1::Server& server);
// What is published, for those who belong to one of its audiences.
bool CanSee(const base::auth::Principal& who, const portolan::v1::Product& product);

}  // namespace registry
