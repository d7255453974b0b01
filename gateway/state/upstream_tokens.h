// UpstreamTokens keeps the access tokens that authorization servers gave for credentials: fetched once
// however many calls wait for one, and anew before it ends.
//
// Thread-safe. `clock` outlives it.
#pragma once

#include "base/clock.h"

namespace gateway::state {

class UpstreamTokens {
 public:
  explicit UpstreamTokens(const base::Clock& clock) : clock_(clock) {}

 private:
  [[maybe_unused]] const base::Clock& clock_;
};

}  // namespace gateway::state
