#include "gateway/state/breakers.h"

#include <algorithm>

namespace gateway::state {

namespace {

using std::chrono::seconds;

}  // namespace

Breaker::Pass Breaker::Admit(const Settings& settings) {
  const base::TimePoint now = clock_.Now();
  const std::lock_guard lock(mutex_);
  if (state_ == State::kOpen) {
    if (now < open_until_) return {false, SecondsLeft(now), epoch_};
    Enter(State::kHalfOpen);
  }
  if (state_ == State::kHalfOpen) {
    // Those that try are on their way: soon more is known.
    if (trying_ >= settings.half_open_calls) return {false, 1, epoch_};
    ++trying_;
  }
  return {true, 0, epoch_};
}

void Breaker::Note(const Settings& settings, const Pass& pass, End end, seconds retry_after) {
  const base::TimePoint now = clock_.Now();
  const std::lock_guard lock(mutex_);
  if (pass.epoch != epoch_) return;
  switch (state_) {
    case State::kOpen: return;
    case State::kClosed:
      if (end == End::kNeither) return;
      Count(settings, end == End::kFailed, now);
      if (end == End::kFailed && IsTooMuch(settings, now)) Open(settings, retry_after, now);
      return;
    case State::kHalfOpen:
      --trying_;
      if (end == End::kFailed) Open(settings, retry_after, now);
      if (end == End::kSucceeded && ++well_ >= settings.half_open_calls) Enter(State::kClosed);
      return;
  }
}

bool Breaker::refuses(const Settings& settings) const {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kOpen) return clock_.Now() < open_until_;
  return state_ == State::kHalfOpen && trying_ >= settings.half_open_calls;
}

void Breaker::Count(const Settings& settings, bool failed, base::TimePoint now) {
  if (failed && settings.failures > 0) {
    failures_.push_back(now);
    while (failures_.size() > static_cast<std::size_t>(settings.failures)) failures_.pop_front();
  }
  if (settings.failure_percent == 0) return;
  const auto width = std::chrono::nanoseconds(settings.window) / kSlots;
  const std::int64_t number = now.time_since_epoch() / width;
  Slot& slot = slots_[static_cast<std::size_t>(number) % kSlots];
  if (slot.number != number) slot = {number, 0, 0};
  ++slot.calls;
  if (failed) ++slot.failed;
}

bool Breaker::IsTooMuch(const Settings& settings, base::TimePoint now) const {
  if (settings.failures > 0 && failures_.size() >= static_cast<std::size_t>(settings.failures) &&
      now - failures_.front() <= settings.window)
    return true;
  if (settings.failure_percent == 0) return false;
  const auto width = std::chrono::nanoseconds(settings.window) / kSlots;
  const std::int64_t number = now.time_since_epoch() / width;
  std::int64_t calls = 0, failed = 0;
  for (const Slot& slot : slots_) {
    if (slot.number <= number - static_cast<std::int64_t>(kSlots)) continue;
    calls += slot.calls;
    failed += slot.failed;
  }
  return calls >= settings.min_calls && failed * 100 >= calls * settings.failure_percent;
}

void Breaker::Open(const Settings& settings, seconds retry_after, base::TimePoint now) {
  Enter(State::kOpen);
  open_until_ = now + std::min(std::max(settings.open, retry_after), kOpenAtMost);
}

void Breaker::Enter(State state) {
  state_ = state;
  ++epoch_;
  failures_.clear();
  slots_.fill({});
  trying_ = 0;
  well_ = 0;
}

std::int64_t Breaker::SecondsLeft(base::TimePoint now) const {
  return std::max<std::int64_t>(1, std::chrono::ceil<seconds>(open_until_ - now).count());
}

void PoolBreakers::Set(const Breaker::Settings& settings, std::uint32_t failures) {
  const std::lock_guard lock(mutex_);
  settings_ = settings;
  failures_ = failures;
}

Breaker::Settings PoolBreakers::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

Breaker& PoolBreakers::Of(std::string_view place) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = places_.find(place); found != places_.end()) return *found->second;
  return *places_.emplace(place, all_.Find(set_, rule_, server_, place)).first->second;
}

bool PoolBreakers::Refuses(std::string_view place) const { return Of(place).refuses(settings()); }

mcp::PlaceGuard::Pass PoolBreakers::Admit(std::string_view place) {
  const Breaker::Pass pass = Of(place).Admit(settings());
  return {pass.admitted, pass.retry_after_s, pass.epoch};
}

void PoolBreakers::Note(std::string_view place, const Pass& pass,
                        const mcp::UpstreamAttempt* attempt) {
  std::uint32_t failures = 0;
  {
    const std::lock_guard lock(mutex_);
    failures = failures_;
  }
  Breaker::End end = Breaker::End::kNeither;
  if (attempt) {
    const bool failed = attempt->failure != mcp::UpstreamFailure::kNone;
    const bool counts = (failures >> static_cast<unsigned>(attempt->failure) & 1) != 0;
    if (failed || !attempt->nothing_sent)
      end = failed && counts ? Breaker::End::kFailed : Breaker::End::kSucceeded;
  }
  Of(place).Note(settings(), {pass.admitted, pass.retry_after_s, pass.epoch}, end,
                 attempt ? attempt->retry_after : seconds(0));
}

PoolBreakers& Breakers::FindPool(std::string_view set, std::string_view rule,
                                 std::string_view server) {
  std::string name(set);
  name.append("\n").append(rule).append("\n").append(server);
  const std::lock_guard lock(mutex_);
  std::unique_ptr<PoolBreakers>& found = pools_[name];
  if (!found)
    found = std::make_unique<PoolBreakers>(*this, std::string(set), std::string(rule),
                                           std::string(server));
  return *found;
}

std::shared_ptr<Breaker> Breakers::Find(std::string_view set, std::string_view rule,
                                        std::string_view server, std::string_view member) {
  std::string name;
  name.reserve(set.size() + rule.size() + server.size() + member.size() + 3);
  // None of them holds a line's end.
  name.append(set).append("\n").append(rule).append("\n").append(server).append("\n").append(
      member);
  const std::lock_guard lock(mutex_);
  if (const auto found = breakers_.find(name); found != breakers_.end()) return found->second;
  // A route that is made anew finds what it had: only those that nobody holds go, and only for room.
  if (breakers_.size() >= kMaxBreakers)
    std::erase_if(breakers_, [](const auto& entry) { return entry.second.use_count() == 1; });
  return breakers_.emplace(std::move(name), std::make_shared<Breaker>(clock_)).first->second;
}

}  // namespace gateway::state
