// What is secret as one gateway gets it: sealed to the X25519 key that it joined with, so that nobody
// on the way, and no other gateway, can read it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/resource.pb.h"

namespace registry {

class Vault;

base::Result<portolan::v1::Sealed> SealTo(std::string_view public_key, std::string_view secret);

// Seals each secret of the resource anew, out of the vault (Secret.sealed becomes a serialised
// Sealed). One that cannot be opened is left out, with a line in the log: the gateway refuses the
// resource and goes on with the last good one.
void SealForGateway(portolan::v1::Resource& resource, Vault& vault, std::string_view public_key);

}  // namespace registry
