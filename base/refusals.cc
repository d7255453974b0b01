#include "base/refusals.h"

#include <algorithm>
#include <iterator>

namespace base {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::size_t kMaxText = 512;
// What nobody takes: of ten minutes' worst.
constexpr std::size_t kMaxWaiting = 10'000;

std::string Cut(std::string_view text) { return std::string(text.substr(0, kMaxText)); }

}  // namespace

void Refusals::Note(const Refusal& refusal, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const std::int64_t minute = now_ms - now_ms % kMinuteMs;
  if (minute != minute_ms_) CloseMinute();
  minute_ms_ = minute;
  key_.clear();
  for (const std::string_view part :
       {refusal.principal, refusal.server, refusal.item, refusal.rule})
    key_.append(part.substr(0, kMaxText)).push_back('\0');
  auto found = open_.find(key_);
  if (found == open_.end()) {
    const bool is_one_too_many = open_.size() >= max_distinct_;
    found = open_.try_emplace(is_one_too_many ? std::string() : key_).first;
    RefusalCount& fresh = found->second;
    if (fresh.count == 0) {
      fresh.minute_ms = minute;
      fresh.first_request_id = Cut(refusal.request_id);
      fresh.rule = is_one_too_many ? std::string(kTooMany) : Cut(refusal.rule);
      if (!is_one_too_many) {
        fresh.principal = Cut(refusal.principal);
        fresh.authentication = Cut(refusal.authentication);
        fresh.address = Cut(refusal.address);
        fresh.server = Cut(refusal.server);
        fresh.item = Cut(refusal.item);
      }
    }
  }
  ++found->second.count;
  found->second.last_request_id.assign(refusal.request_id.substr(0, kMaxText));
}

bool Refusals::due(std::int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  return !over_.empty() || (!open_.empty() && now_ms - now_ms % kMinuteMs != minute_ms_);
}

bool Refusals::empty() const {
  const std::lock_guard lock(mutex_);
  return over_.empty() && open_.empty();
}

std::vector<RefusalCount> Refusals::Take(Which which, std::int64_t now_ms, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  if (which == Which::kAll || now_ms - now_ms % kMinuteMs != minute_ms_) CloseMinute();
  const auto end = over_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, over_.size()));
  std::vector<RefusalCount> taken(std::make_move_iterator(over_.begin()),
                                  std::make_move_iterator(end));
  over_.erase(over_.begin(), end);
  return taken;
}

void Refusals::CloseMinute() {
  for (auto& [key, count] : open_) {
    if (over_.size() < kMaxWaiting) {
      over_.push_back(std::move(count));
      continue;
    }
    // Counted all the same, with the last that found room.
    RefusalCount& last = over_.back();
    if (last.rule != kTooMany)
      last = {.minute_ms = last.minute_ms, .rule = std::string(kTooMany), .count = last.count};
    last.count += count.count;
    last.last_request_id = std::move(count.last_request_id);
  }
  open_.clear();
}

}  // namespace base
