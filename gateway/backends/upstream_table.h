// The UpstreamTable is what all workers know together about servers: the protocol revision each
// speaks, and the sessions that servers of older revisions keep for our callers.
//
// Thread-safe, sharded; a lock is held for a look-up and never across I/O.
#pragma once

#include <memory>

#include "base/clock.h"

namespace gateway {

class UpstreamTable {
 public:
  explicit UpstreamTable(const base::Clock& clock);
  ~UpstreamTable();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gateway
