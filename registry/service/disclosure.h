// What of a resource a caller is shown.
#pragma once

#include <string_view>

#include "portolan/v1/resource.pb.h"
#include "registry/catalog/catalog.h"
#include "registry/service/caller.h"

namespace registry {

// Keys are for operators only, tokens, roles and sync sources for admins; requests for access are for
// who approves there, and for who made them.
base::Result<void> CheckMayRead(const Caller& caller, std::string_view kind);
// Whether the caller sees it at all.
bool MaySee(const Caller& caller, const portolan::v1::Resource& resource);
// Takes out what only gateways get (hashes of keys), for everybody but admins the values of a
// program's environment, for who asked for access the server that was meant (they may have guessed),
// and for who does not see it the name of a server's successor. Whoever may write the server is shown
// that name, since what they read they write back.
void HideSecrets(const Catalog& catalog, const Caller& caller, portolan::v1::Resource& resource);

}  // namespace registry
