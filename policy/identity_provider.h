// What an IdentityProvider means, for the registry, which believes its tokens itself, and for the gateways alike.
#pragma once

#include <string_view>

#include "base/auth/identity_provider.h"
#include "base/result.h"
#include "portolan/v1/access.pb.h"

namespace policy {

// The preset written out: an equal provider without `entra`.
portolan::v1::IdentityProvider WrittenOut(const portolan::v1::IdentityProvider& provider);

// kInvalidArgument; the message begins with the JSON pointer of the field, counted from the resource.
base::Result<void> Validate(const portolan::v1::IdentityProvider& provider);

// How its tokens are judged. REQUIRES: Validate was content.
base::auth::ProviderSettings SettingsOf(std::string_view name,
                                        const portolan::v1::IdentityProvider& provider);

}  // namespace policy
