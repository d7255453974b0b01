// Whether a gateway and its registry are close enough to understand each other.
#pragma once

#include <string>

#include "base/result.h"

namespace registry {

// The registry is upgraded first: a gateway may be of the same minor version or the one before, never ahead.
// kFailedPrecondition says which of both to upgrade. One that does not say its version is not asked.
base::Result<void> CheckGatewayVersion(const std::string& gateway, const std::string& registry);

}  // namespace registry
