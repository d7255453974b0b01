// ParkedCalls holds the calls that wait for answers of their callers, so that the next exchange
// finds them from whichever worker it comes to.
//
// One per process, any thread; the lock is held for a look-up and never across I/O. A call is named
// by a requestState, which is sealed and bound to principal, server, method and item: nobody else's
// opens. It is sealed with the keys that seal sessions, so that one of a call that was lost with
// another process, or before the keys were changed, is known for what it was.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/auth/aead.h"
#include "base/clock.h"
#include "base/loop.h"
#include "mcp/legacy/running_call.h"

namespace mcp::legacy {

class ParkedCalls {
 public:
  struct Limits {
    std::size_t total = 2'000;
    std::size_t per_principal = 200;
  };
  explicit ParkedCalls(const base::Clock& clock) : ParkedCalls(clock, Limits()) {}
  ParkedCalls(const base::Clock& clock, Limits limits);

  // The registry's keys, newest first; until they come, one of this process.
  void SetKeyRing(std::vector<std::string> key_ring);

  // False: there is no room.
  bool Add(std::shared_ptr<RunningCall> call);
  void Remove(const std::string& id);
  // Null: it is over.
  std::shared_ptr<RunningCall> Find(const std::string& id) const;

  // A loop ends: so do the calls whose home it is. On that loop, again and again until True.
  bool EndAll(const base::Loop& home);

  // Seals and opens for one thread.
  class Sealer {
   public:
    // `scope` names the server.
    Sealer(const ParkedCalls& calls, std::string scope);
    // Whether a text looks like one of ours.
    static bool IsOurs(std::string_view state);

    std::string Seal(const Call& call, const std::string& id, std::uint64_t round);
    struct Opened {
      std::string id;
      std::uint64_t round = 0;
    };
    // nullopt: changed, expired, or of another call.
    std::optional<Opened> Open(const Call& call, std::string_view state);

   private:
    std::string ContextOf(const Call& call) const;
    // Takes over the ring when it has changed.
    base::auth::Aead& Keys();

    const ParkedCalls& calls_;
    const std::string scope_;
    std::uint64_t ring_version_ = 0;
    base::auth::Aead keys_;
  };

 private:
  // Constant after construction
  const base::Clock& clock_;
  const Limits limits_;

  std::atomic<std::uint64_t> ring_version_ = 1;
  mutable std::mutex mutex_;  // guards all below
  std::vector<std::string> key_ring_;
  std::unordered_map<std::string, std::shared_ptr<RunningCall>> calls_;
  std::map<std::string, std::size_t> per_principal_;
};

}  // namespace mcp::legacy
