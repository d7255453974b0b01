// A ClockWatch notices that the wall clock was set: it goes on beside the steady clock, or it does not.
//
// One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>

#include "base/clock.h"

namespace base {

class ClockWatch {
 public:
  // Beyond it a difference is a jump. Below are corrections of NTP.
  static constexpr std::chrono::seconds kTolerated{30};

  explicit ClockWatch(const Clock& clock)
      : clock_(clock), began_(clock.Now()), began_wall_ms_(clock.UnixMillis()) {}

  // Milliseconds that the wall clock has jumped by since the last look (negative: back); 0: it has not.
  std::int64_t Look() {
    const std::int64_t off = clock_.UnixMillis() - expected_ms();
    const std::int64_t jumped = off - known_off_ms_;
    if (std::abs(jumped) <= std::chrono::milliseconds(kTolerated).count()) return 0;
    known_off_ms_ = off;
    return jumped;
  }

  // The earlier of what the wall clock says and what it would say if nobody had set it since the beginning: by this time
  // nothing gets old before it is.
  std::int64_t CautiousUnixMillis() const { return std::min(clock_.UnixMillis(), expected_ms()); }

 private:
  std::int64_t expected_ms() const {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    return began_wall_ms_ + duration_cast<milliseconds>(clock_.Now() - began_).count();
  }

  const Clock& clock_;
  const TimePoint began_;
  const std::int64_t began_wall_ms_;
  std::int64_t known_off_ms_ = 0;
};

}  // namespace base
