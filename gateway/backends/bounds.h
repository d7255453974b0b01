// The bounds that end a call at its server, as the caller hears of them: which it was, and what
// raises it (names are those of the gateway's bootstrap file, message Limits, or of a policy). All
// are kAborted, and sentences without a subject: UpstreamError puts the server's name before.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gateway {

inline base::Error BoundReached(std::string sentence) {
  return base::Fail(base::Code::kAborted, std::move(sentence));
}

// Too many sessions: of one caller, or of all.
base::Error TooManySessions(std::size_t bound);
// The caller does not read what the server sends.
base::Error CallerTooSlow(std::size_t bound_bytes);
// A program does not read what it is sent.
base::Error ProgramTooSlow(std::size_t bound_bytes);
base::Error MessageTooLong(std::size_t bound_bytes);
// Every connection that may be open to it is in use.
base::Error ConnectionsBusy(std::size_t bound);

}  // namespace gateway
