// Breakers remember, for each server and rule (of a pool for each member), how it answered of late, so
// that one that fails is spared for a while.
//
// Thread-safe. `clock` outlives it.
#pragma once

#include "base/clock.h"

namespace gateway::state {

class Breakers {
 public:
  explicit Breakers(const base::Clock& clock) : clock_(clock) {}

 private:
  [[maybe_unused]] const base::Clock& clock_;
};

}  // namespace gateway::state
