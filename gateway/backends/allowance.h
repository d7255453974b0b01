// An Allowance is a bucket of units: so many at once, and so many more each second.
//
// One loop.
#pragma once

#include <algorithm>
#include <chrono>

namespace gateway {

class Allowance {
 public:
  Allowance(double burst, double per_second)
      : burst_(burst), per_second_(per_second), left_(burst) {}

  // Takes `units`; false when there are not so many, and then takes nothing.
  bool Take(double units) {
    Refill();
    if (left_ < units) return false;
    left_ -= units;
    return true;
  }
  // Takes `units` that are spent already; false when that was more than there was.
  bool Spend(double units) {
    Refill();
    left_ = std::max(left_ - units, -burst_);
    return left_ >= 0;
  }

 private:
  using SteadyClock = std::chrono::steady_clock;

  void Refill() {
    const SteadyClock::time_point now = SteadyClock::now();
    const double passed = std::chrono::duration<double>(now - refilled_).count();
    left_ = std::min(left_ + passed * per_second_, burst_);
    refilled_ = now;
  }

  // Constant after construction
  const double burst_;
  const double per_second_;

  double left_;
  SteadyClock::time_point refilled_ = SteadyClock::now();
};

}  // namespace gateway
