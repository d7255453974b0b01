// Who sees a server at all, in every list and search.
#pragma once

#include "base/auth/principal.h"
#include "portolan/v1/server.pb.h"

namespace registry {

// By the server's audiences: public (also when none is given), authenticated, consumer:NAME. Role
// admin and gateways see everything. Groups come with identity providers; until then nobody but an
// admin is in one.
bool CanSee(const base::auth::Principal& who, const portolan::v1::Server& server);

}  // namespace registry
