// What a Record keeps of the attempts to ask a server.
#pragma once

#include <cstddef>

#include "mcp/record.h"

namespace mcp {

inline constexpr std::size_t kMostAttempts = 16;

// A new one at the end; the oldest goes when there are too many. Valid until the next.
inline UpstreamAttempt& BeginAttempt(Record& record) {
  if (record.attempts.size() >= kMostAttempts) record.attempts.erase(record.attempts.begin());
  return record.attempts.emplace_back();
}

// What a part of the call that ran elsewhere has tried.
inline void TakeAttempts(Record& record, const Record& elsewhere) {
  record.server_time += elsewhere.server_time;
  for (const UpstreamAttempt& attempt : elsewhere.attempts) BeginAttempt(record) = attempt;
}

}  // namespace mcp
