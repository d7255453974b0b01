// Refusals for the audit, counted: one entry for each principal, item, rule and minute, however often somebody knocks.
//
// Any thread. A refusal costs a look-up under a short lock; so many distinct ones a minute are told apart, the rest are
// counted together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace base {

struct Refusal {
  std::string_view principal;
  std::string_view authentication;
  std::string_view address;
  std::string_view server;
  std::string_view item;
  std::string_view rule;
  std::string_view request_id;
};

struct RefusalCount {
  std::int64_t minute_ms = 0;
  std::string principal;
  std::string authentication;
  std::string address;  // of the first
  std::string server;
  std::string item;
  std::string rule;
  std::int64_t count = 0;
  std::string first_request_id;
  std::string last_request_id;
};

class Refusals {
 public:
  // The rule of those that were not told apart.
  static constexpr std::string_view kTooMany = "TooManyToTell";

  explicit Refusals(std::size_t max_distinct = 1000) : max_distinct_(max_distinct) {}

  // Longer texts are cut to 512 bytes.
  void Note(const Refusal& refusal, std::int64_t now_ms);
  // Whether Take(kOver) would give something.
  bool due(std::int64_t now_ms) const;
  bool empty() const;
  // At most `limit` of those whose minute is over, or of all, and forgets them.
  enum class Which { kOver, kAll };
  std::vector<RefusalCount> Take(Which which, std::int64_t now_ms, std::size_t limit = 1000);

 private:
  void CloseMinute();

  const std::size_t max_distinct_;
  mutable std::mutex mutex_;
  // Under mutex_
  std::int64_t minute_ms_ = 0;
  std::map<std::string, RefusalCount, std::less<>> open_;
  std::vector<RefusalCount> over_;
  std::string key_;
};

}  // namespace base
