// A FakeQuotaRegistry grants slices as the registry does, to one gateway's Quotas, without a wire and
// without a store.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "gateway/state/quotas.h"

namespace support {

class FakeQuotaRegistry {
 public:
  using Quotas = gateway::state::Quotas;

  FakeQuotaRegistry(Quotas& quotas, const base::Clock& clock) : quotas_(quotas), clock_(clock) {}

  // Of every key, and of some others.
  std::int64_t calls = 0;
  std::map<std::string, std::int64_t> calls_of;
  std::int64_t bytes = 0;
  std::int64_t window_start_ms = 1'000;
  base::Duration window_left = std::chrono::hours(1);
  bool reachable = true;
  // Requests that were answered.
  int answered = 0;
  std::vector<Quotas::Use> seen;

  // Answers what is wanted now; how many keys.
  std::size_t Answer(std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) {
    const std::vector<Quotas::Use> uses = quotas_.TakeUses(1'000, timeout);
    if (uses.empty()) return 0;
    if (!reachable) {
      quotas_.Failed(uses);
      return uses.size();
    }
    ++answered;
    const base::TimePoint asked = clock_.Now();
    for (const Quotas::Use& use : uses) {
      seen.push_back(use);
      quotas_.Granted(use, Grant(use), asked);
    }
    return uses.size();
  }
  // What of a key is given away.
  std::int64_t granted(const std::string& key) { return books_[key].calls; }
  std::int64_t left(const std::string& key) { return calls - books_[key].calls; }

 private:
  struct Book {
    std::int64_t window_start_ms = 0;
    std::int64_t calls = 0, used = 0;  // of this window
    std::int64_t bytes = 0;
  };
  Quotas::Grant Grant(const Quotas::Use& use) {
    Book& book = books_[use.key];
    if (book.window_start_ms != window_start_ms) book = Book{window_start_ms, 0, 0, 0};
    const bool of_this = use.window_start_ms == window_start_ms || use.window_start_ms == 0;
    const std::int64_t used = of_this ? use.calls : 0, running = of_this ? use.running : 0;
    book.used = std::max(book.used, used);
    const std::int64_t least = book.used + running;
    const std::int64_t limit = calls_of.contains(use.key) ? calls_of[use.key] : calls;
    const std::int64_t slice = std::max<std::int64_t>(1, limit / 100);
    book.calls = use.release ? least : std::max(book.calls, least);
    if (!use.release) book.calls = std::max(book.calls, std::min(least + slice, limit));
    book.bytes = std::max(book.bytes, of_this ? use.bytes : 0);
    if (!use.release)
      book.bytes =
          std::max(book.bytes, std::min(use.bytes + std::max<std::int64_t>(1, bytes / 100), bytes));
    Quotas::Grant grant;
    grant.window_start_ms = window_start_ms;
    grant.window_end_ms = window_start_ms + 3'600'000;
    grant.remaining = window_left;
    grant.calls = book.calls;
    grant.bytes = book.bytes;
    grant.calls_left = std::max<std::int64_t>(0, limit - book.calls);
    grant.bytes_left = std::max<std::int64_t>(0, bytes - book.bytes);
    return grant;
  }

  Quotas& quotas_;
  const base::Clock& clock_;
  std::map<std::string, Book> books_;
};

}  // namespace support
