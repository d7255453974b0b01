// Tokens remembers call tokens that were verified. One per process, shared by all workers. Forget() when the
// registry's public keys change.
#pragma once

#include "base/auth/verified_tokens.h"

namespace gateway::state {

using Tokens = base::auth::VerifiedTokens<>;

}  // namespace gateway::state
