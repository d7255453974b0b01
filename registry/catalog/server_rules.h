// What a server must be beside the others, and who may make it so.
#pragma once

#include <string>

#include "base/auth/principal.h"
#include "base/result.h"
#include "portolan/v1/server.pb.h"

namespace registry {

class Transaction;

// Fills in what the writer left out: approval, lifecycle, base path, and the aliases under which it
// was known `before` (null: it is new).
void CompleteServer(portolan::v1::Server& server, const std::string& name,
                    const portolan::v1::Server* before, const base::auth::Principal& who);

// kPermissionDenied: a program to start, or a decision that is not theirs to make; kAlreadyExists:
// a base path that leads elsewhere; kInvalidArgument names the field.
base::Result<void> CheckServer(Transaction& store, const std::string& name,
                               const portolan::v1::Server& server,
                               const portolan::v1::Server* before,
                               const base::auth::Principal& who);

}  // namespace registry
