// A clock that stands until it is moved. Any thread may read; one moves.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace support {

class FakeClock final : public base::Clock {
 public:
  base::TimePoint Now() const override {
    return base::TimePoint(std::chrono::hours(1)) + since_start();
  }
  std::int64_t UnixMillis() const override {
    return 1'790'000'000'000 +
           std::chrono::duration_cast<std::chrono::milliseconds>(since_start()).count() + wall_ms_;
  }
  void Advance(base::Duration by) { nanoseconds_ += by.count(); }
  // Somebody sets the wall clock, by so much: no time passes.
  void SetWall(std::chrono::milliseconds by) { wall_ms_ += by.count(); }

 private:
  base::Duration since_start() const { return base::Duration(nanoseconds_.load()); }
  std::atomic<std::int64_t> nanoseconds_ = 0;
  std::atomic<std::int64_t> wall_ms_ = 0;
};

}  // namespace support
