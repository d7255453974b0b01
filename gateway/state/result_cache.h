// The ResultCache keeps answers of servers, for rules `cache`: one per process, shared by all
// workers, so that what one asked is known to all.
//
// What an answer is kept under (a digest of the question, of whom it is kept for, and of the chain
// that asked) is the business of whoever asks. Bounded: of what is over its bytes the longest unused
// go, those of chains that are no more among them. Thread-safe; a lock is held for a look-up, never
// across I/O.
//
// While one call asks a question, others that ask the same wait for its answer:
//
//   Join --nobody asks--> Asking --Answer---> those who wait have the answer
//     |                      |-----Decline--> they ask for themselves: it is not for them
//     |                      `-----dropped--> one of them asks
//     `----somebody asks---> Wait
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/task.h"

namespace gateway::state {

class ResultCache {
 public:
  static constexpr std::size_t kMaxBytes = 64 * 1024 * 1024;
  // For how long somebody else's answer is awaited.
  static constexpr std::chrono::seconds kPatience{60};

  struct Kept {
    // What it is the answer to: a server's resource name, and a tool's name or a list's method.
    std::string server;
    std::string item;
    std::string result;  // raw JSON
    base::TimePoint since{};
    base::TimePoint until{};
  };
  using Pointer = std::shared_ptr<const Kept>;

  explicit ResultCache(const base::Clock& clock, std::size_t max_bytes = kMaxBytes)
      : clock_(clock), max_bytes_(max_bytes / kShards) {}

  const base::Clock& clock() const { return clock_; }
  // Never the same twice: what is kept under one is not found under another.
  std::uint64_t NewGeneration() { return generations_.fetch_add(1, std::memory_order_relaxed); }

  // Null: there is none, or not any more.
  Pointer Find(const std::string& key);
  // Rises whenever something is forgotten by order. An answer that was asked for before is not kept
  // after.
  std::uint64_t purges() const { return purges_.load(); }
  // Nothing happens when it is longer than an eighth of all that may be kept, or when `asked_at` is
  // not purges() any more.
  void Keep(const std::string& key, Pointer kept, std::uint64_t asked_at);
  // Forgets what is kept of a server, or of one item of it; empty: whatever it is. Who asks from now
  // on waits for no answer that was asked for before. Costs a pass over all that is kept.
  void Forget(std::string_view server, std::string_view item);
  void Clear() { Forget({}, {}); }
  // Of what is kept, with its keys and what it costs to keep them.
  std::size_t bytes() const;

  class Flight;
  // Whoever has it asks the server, for all who wait.
  class Asking {
   public:
    Asking(ResultCache& cache, std::string key, std::shared_ptr<Flight> flight)
        : cache_(&cache), key_(std::move(key)), flight_(std::move(flight)) {}
    Asking(Asking&& other) noexcept = default;
    Asking& operator=(Asking&&) = delete;
    ~Asking();

    void Answer(Pointer kept);
    void Decline();

   private:
    ResultCache* cache_;
    std::string key_;
    std::shared_ptr<Flight> flight_;  // null: told
  };
  using Joined = std::variant<Asking, std::shared_ptr<Flight>>;
  Joined Join(const std::string& key);

  enum class Waited {
    kAnswered,
    kDeclined,
    kDropped,    // nobody asks any more
    kCancelled,  // who waits is not wanted any more
    kExpired,
  };
  struct Outcome {
    Waited waited = Waited::kExpired;
    Pointer kept;
  };
  // On the loop of whoever waits.
  static base::Task<Outcome> Wait(std::shared_ptr<Flight> flight, base::Loop& loop,
                                  base::CancelSignal& cancel);

 private:
  static constexpr std::size_t kShards = 8;
  struct Entry {
    std::string key;
    Pointer kept;
  };
  struct Shard {
    mutable std::mutex mutex;  // guards the members below
    std::list<Entry> entries;  // the last used first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_key;
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
    std::size_t bytes = 0;
  };
  static std::size_t CostOf(const Entry& entry);
  Shard& ShardOf(const std::string& key);
  static void Remove(Shard& shard, std::list<Entry>::iterator entry);
  void Land(const std::string& key, const std::shared_ptr<Flight>& flight, Waited how,
            Pointer kept);

  // Constant after construction
  const base::Clock& clock_;
  const std::size_t max_bytes_;  // of a shard

  std::atomic<std::uint64_t> generations_ = 0;
  std::atomic<std::uint64_t> purges_ = 0;
  std::array<Shard, kShards> shards_;
};

}  // namespace gateway::state
