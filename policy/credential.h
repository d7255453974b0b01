// What a Credential must be, and which servers are shown it. The registry asks when one is written,
// the gateway whenever it is used. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "portolan/v1/access.pb.h"

namespace policy {

// What stands for a secret that is not told; it passes wherever a secret may stand.
inline constexpr std::string_view kMaskedSecret = "***";

// kInvalidArgument; the message begins with the JSON pointer (`/spec/header/name: ...`) and holds
// nothing of what is secret.
base::Result<void> Validate(const portolan::v1::Credential& credential);

// Whether a server at that host (lower case) and port is shown it, by its `hosts`; without any by
// `otherwise`.
bool IsShownTo(const portolan::v1::Credential& credential, std::string_view host,
               std::uint16_t port, bool otherwise);

// Each caller has one of their own: what came by it is nobody else's.
bool IsPerCaller(const portolan::v1::Credential& credential);

}  // namespace policy
