// What a server says of itself follows its newest version.
#pragma once

#include "portolan/v1/server.pb.h"

namespace registry {

// Takes the current version, and the description that came with it, from a version's own server
// (import::ToResources), unless `server` names a newer one. Whoever routes a server has described it
// too: only the version is taken then.
void FollowNewest(portolan::v1::Server& server, const portolan::v1::Server& of_version);

}  // namespace registry
