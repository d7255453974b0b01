// A PoolState is what all workers know together about a server that runs at several places: what the
// catalog says of its members, which of them are well, and whose calls stay with which.
//
// Who is asked:
//   calls that stay together    the member that they had, as long as it is well; else one by the hash
//                               of whose they are, so that every gateway, and one that was restarted,
//                               finds the same
//   all others                  the members of the lowest priority that has some which are well and
//                               not draining, in turn by their weights (smooth, over all workers)
//
// Thread-safe; the lock is held for a look and never across I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace mcp {
class PlaceGuard;
}
namespace portolan::v1 {
class Pool;
}

namespace gateway {

class PoolState {
 public:
  static constexpr std::size_t kMaxKept = 10'000;

  // `clock` outlives it.
  explicit PoolState(const base::Clock& clock) : clock_(clock) {}

  // As the catalog has it now; what was found out about members stays.
  void Set(const portolan::v1::Pool& spec);

  struct Wish {
    // Whose call it is, where calls stay together; empty: anybody's.
    std::string_view owner;
    // Asked last, and has failed: only if there is no other.
    std::string_view failed;
    // May be null.
    const mcp::PlaceGuard* guard = nullptr;
  };
  // A member's name; nothing: none is well.
  std::optional<std::string> Choose(const Wish& wish);

  // Calls of one principal stay together, too.
  bool by_principal() const;
  std::chrono::milliseconds check_interval() const;
  std::chrono::milliseconds check_timeout() const;
  // True: the caller checks the member now. So all workers together check it once an interval.
  bool TakeCheck(std::string_view name);
  void NoteCheck(std::string_view name, bool well);

 private:
  struct Member {
    std::string name;
    std::int64_t weight = 1;
    int priority = 0;
    bool draining = false;
    // Found out
    bool well = true;
    int failed_checks = 0, good_checks = 0;  // in a row
    base::TimePoint next_check{};
    std::int64_t turn = 0;
  };

  // Under the lock.
  Member* Find(std::string_view name);
  // Those of the lowest priority that has some.
  std::vector<Member*> Eligible(const Wish& wish);
  static Member& InTurn(const std::vector<Member*>& members);
  static Member& ByHash(const std::vector<Member*>& members, std::string_view owner);

  // Constant after construction
  const base::Clock& clock_;

  mutable std::mutex mutex_;  // guards all below
  std::vector<Member> members_;
  bool by_principal_ = false;
  std::chrono::milliseconds interval_{10'000};
  std::chrono::milliseconds timeout_{2'000};
  int unhealthy_after_ = 3;
  int healthy_after_ = 2;
  std::map<std::string, std::string, std::less<>> kept_;  // owner to member
};

}  // namespace gateway
