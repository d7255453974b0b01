#include "mcp/legacy/session_table.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/auth/api_key.h"

namespace mcp::legacy {
namespace {

constexpr std::int64_t kSweepEveryMs = 15'000;
// Looking for the least used costs a pass over the table, so several go at a time.
constexpr std::size_t kFreedAtOnce = 10;  // in a hundred

// How long a session was idle does not hang on a clock that somebody sets.
std::int64_t SteadyMs(const base::Clock& clock) {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  return duration_cast<milliseconds>(clock.Now().time_since_epoch()).count();
}

}  // namespace

SessionTable::SessionTable(const base::Clock& clock, std::size_t max_per_principal)
    : clock_(clock), max_per_principal_(max_per_principal) {}

std::shared_ptr<CallerSession> SessionTable::Find(std::string_view token) {
  const std::int64_t now = SteadyMs(clock_);
  Shard& shard = ShardOf(token);
  Freed freed;
  std::shared_ptr<CallerSession> session;
  {
    const std::lock_guard lock(shard.mutex);
    if (now - shard.swept_ms > kSweepEveryMs) Sweep(shard, now, freed);
    const auto found = shard.sessions.find(token);
    if (found != shard.sessions.end()) session = found->second;
  }
  if (session) session->used_ms.store(now, std::memory_order_relaxed);
  Tell(freed);
  return session;
}

base::Result<std::shared_ptr<CallerSession>> SessionTable::Adopt(std::string_view token,
                                                                 CallerSession::Facts facts) {
  bool is_full = false;
  {
    const std::lock_guard lock(counts_mutex_);
    const auto count = counts_.find(facts.principal);
    is_full = count != counts_.end() && count->second >= max_per_principal_;
  }
  // Anonymous callers are one principal, and bounded by their connections.
  if (is_full && !MakeRoom(facts.principal) && !facts.anonymous) {
    return base::Fail(base::Code::kResourceExhausted,
                      "more than " + std::to_string(max_per_principal_) + " sessions are in use");
  }
  auto made = std::make_shared<CallerSession>(std::move(facts));
  made->used_ms = SteadyMs(clock_);
  Shard& shard = ShardOf(token);
  const std::lock_guard lock(shard.mutex);
  const auto [place, is_new] = shard.sessions.try_emplace(std::string(token), made);
  if (is_new) Count(*made, 1);
  return place->second;
}

base::Result<OpenedStream> SessionTable::OpenStream(const base::auth::Principal& principal,
                                                    std::string_view endpoint) {
  OpenedStream opened;
  opened.id = base::auth::Base64UrlEncode(base::auth::RandomBytes(24));
  CallerSession::Facts facts;
  facts.revision = Revision::k2024_11_05;
  facts.key = base::auth::RandomBytes(16);
  facts.principal = principal.id;
  facts.anonymous = principal.anonymous();
  facts.endpoint = endpoint;
  facts.expires_unix_ms = std::numeric_limits<std::int64_t>::max();
  facts.over_sse = true;
  auto session = Adopt(opened.id, std::move(facts));
  if (!session) return session.error();
  opened.session = std::move(*session);
  return opened;
}

void SessionTable::End(std::string_view token) {
  std::shared_ptr<CallerSession> session;
  {
    Shard& shard = ShardOf(token);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.sessions.find(token);
    if (found == shard.sessions.end()) return;
    session = std::move(found->second);
    shard.sessions.erase(found);
    Count(*session, -1);
  }
  CallerSession::End(session);
}

std::size_t SessionTable::size() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.sessions.size();
  }
  return sum;
}

void SessionTable::Tell(const Freed& freed) const {
  for (const auto& session : freed) on_freed_(session->facts().key);
}

void SessionTable::Sweep(Shard& shard, std::int64_t now, Freed& freed) {
  shard.swept_ms = now;
  std::erase_if(shard.sessions, [&](auto& entry) {
    const CallerSession& session = *entry.second;
    entry.second->Tidy();
    if (entry.second.use_count() > 1 || now - session.used_ms < kIdleMs) return false;
    Count(session, -1);
    freed.push_back(std::move(entry.second));
    return true;
  });
}

void SessionTable::Count(const CallerSession& session, int change) {
  const std::lock_guard lock(counts_mutex_);
  const auto place = counts_.try_emplace(session.facts().principal, 0).first;
  place->second += change;
  if (place->second == 0) counts_.erase(place);
}

bool SessionTable::MakeRoom(const std::string& principal) {
  std::vector<std::int64_t> idle;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [token, session] : shard.sessions) {
      if (session.use_count() == 1 && session->facts().principal == principal)
        idle.push_back(session->used_ms);
    }
  }
  if (idle.empty()) return false;
  const std::size_t last = std::max<std::size_t>(idle.size() * kFreedAtOnce / 100, 1) - 1;
  std::nth_element(idle.begin(), idle.begin() + last, idle.end());
  const std::int64_t oldest = idle[last];
  Freed freed;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    std::erase_if(shard.sessions, [&](auto& entry) {
      const CallerSession& session = *entry.second;
      if (entry.second.use_count() > 1 || session.used_ms > oldest ||
          session.facts().principal != principal) {
        return false;
      }
      Count(session, -1);
      freed.push_back(std::move(entry.second));
      return true;
    });
  }
  Tell(freed);
  return !freed.empty();
}

}  // namespace mcp::legacy
