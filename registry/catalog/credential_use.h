// Who may have a server shown a credential. A secret goes wherever its servers are, so whoever could
// send it to a place of their own could read it:
//
//   Server.credential         whoever may write the server, where the credential says its `hosts`;
//                             without them role admin, also to move the server's endpoint
//   a rule `upstream`         only a credential that says its `hosts`: what the rule governs may move
#pragma once

#include "base/auth/principal.h"
#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace registry {

class Transaction;

// Of what differs from `before` (null: there is none). A credential that is not there is somebody
// else's matter (references.h).
base::Result<void> CheckCredentialUse(Transaction& store, const portolan::v1::Resource& resource,
                                      const portolan::v1::Resource* before,
                                      const base::auth::Principal& who);

}  // namespace registry
