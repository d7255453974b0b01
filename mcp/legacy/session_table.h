// The SessionTable holds the CallerSessions in use, by the text of their tokens, so that every
// worker finds the same object.
//
// One per process, any thread; sharded, the locks are short. A session that nobody has used for 30
// minutes is freed (its token lives on), and of a principal with 1,000 of them those go that were
// used least recently; one with a call or a stream in it is in use.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mcp/legacy/caller_session.h"
#include "mcp/legacy/session_host.h"

namespace mcp::legacy {

class SessionTable {
 public:
  static constexpr std::size_t kMaxPerPrincipal = 1'000;
  static constexpr std::int64_t kIdleMs = 30 * 60 * 1000;

  explicit SessionTable(const base::Clock& clock, std::size_t max_per_principal = kMaxPerPrincipal);

  // Told the keys of sessions that were freed, on any thread; once, before there is a session.
  // Their callers may come back.
  void OnFreed(std::function<void(std::string_view key)> freed) { on_freed_ = std::move(freed); }

  // Null when there is none.
  std::shared_ptr<CallerSession> Find(std::string_view token);
  // The session of a valid token, made of its facts unless another worker was faster.
  // kResourceExhausted when the principal has too many in use.
  base::Result<std::shared_ptr<CallerSession>> Adopt(std::string_view token,
                                                     CallerSession::Facts facts);
  // A new session of HTTP+SSE, with a random id.
  base::Result<OpenedStream> OpenStream(const base::auth::Principal& principal,
                                        std::string_view endpoint);
  // Ends it: calls, questions and streams.
  void End(std::string_view token);

  std::size_t size() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Sessions =
      std::unordered_map<std::string, std::shared_ptr<CallerSession>, Hash, std::equal_to<>>;
  struct Shard {
    mutable std::mutex mutex;
    Sessions sessions;
    std::int64_t swept_ms = 0;
  };

  Shard& ShardOf(std::string_view token) { return shards_[Hash()(token) % shards_.size()]; }
  using Freed = std::vector<std::shared_ptr<CallerSession>>;
  // Under the shard's lock.
  void Sweep(Shard& shard, std::int64_t now, Freed& freed);
  // Without it.
  void Tell(const Freed& freed) const;
  void Count(const CallerSession& session, int change);
  // Frees those of a principal that were used least recently; whether any were idle.
  bool MakeRoom(const std::string& principal);

  // Constant after construction
  const base::Clock& clock_;
  const std::size_t max_per_principal_;
  std::function<void(std::string_view)> on_freed_ = [](std::string_view) {};

  std::array<Shard, 16> shards_;
  mutable std::mutex counts_mutex_;  // taken inside a shard's, never the other way round
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace mcp::legacy
