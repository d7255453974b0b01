#include "gateway/backends/pool_state.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/auth/api_key.h"
#include "mcp/place_guard.h"
#include "portolan/v1/server.pb.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

using std::chrono::milliseconds;

// Between 0 and 1, both excluded; the same everywhere.
double Share(std::string_view owner, std::string_view member) {
  std::string text(owner);
  text.append("\n").append(member);
  const std::string hash = base::auth::Sha256(text);
  std::uint64_t number = 0;
  for (int i = 0; i < 7; ++i) number = number << 8 | static_cast<unsigned char>(hash[i]);
  return (static_cast<double>(number) + 0.5) / static_cast<double>(std::uint64_t{1} << 56);
}

}  // namespace

void PoolState::Set(const v1::Pool& spec) {
  const std::lock_guard lock(mutex_);
  std::vector<Member> members;
  for (const v1::PoolMember& said : spec.members()) {
    Member member;
    if (const Member* const known = Find(said.name())) member = *known;
    member.name = said.name();
    member.weight = std::max(1, said.weight());
    member.priority = said.priority();
    member.draining = said.draining();
    members.push_back(std::move(member));
  }
  members_ = std::move(members);
  by_principal_ = spec.affinity() == v1::PoolAffinity::PRINCIPAL;
  const v1::PoolHealth& health = spec.health();
  interval_ = std::chrono::seconds(health.interval_s() != 0 ? health.interval_s() : 10);
  timeout_ = milliseconds(health.timeout_ms() != 0 ? health.timeout_ms() : 2'000);
  unhealthy_after_ = health.unhealthy_after() != 0 ? health.unhealthy_after() : 3;
  healthy_after_ = health.healthy_after() != 0 ? health.healthy_after() : 2;
}

std::optional<std::string> PoolState::Choose(const Wish& wish) {
  const std::lock_guard lock(mutex_);
  if (!wish.owner.empty()) {
    const auto kept = kept_.find(wish.owner);
    const Member* const member = kept == kept_.end() ? nullptr : Find(kept->second);
    const bool stays = member && member->well && !(wish.guard && wish.guard->Refuses(member->name));
    if (stays) return member->name;
  }
  std::vector<Member*> eligible = Eligible(wish);
  if (eligible.empty()) return std::nullopt;
  if (wish.owner.empty()) return InTurn(eligible).name;
  const std::string& chosen = ByHash(eligible, wish.owner).name;
  // Keys are random: so is the one that is forgotten.
  if (kept_.size() >= kMaxKept) kept_.erase(kept_.begin());
  kept_[std::string(wish.owner)] = chosen;
  return chosen;
}

std::vector<PoolState::Member*> PoolState::Eligible(const Wish& wish) {
  std::vector<Member*> found;
  // Who failed just now comes last, and those who drain have what they have.
  for (const bool also_failed : {false, true}) {
    int lowest = std::numeric_limits<int>::max();
    for (Member& member : members_) {
      if (member.draining || !member.well || member.priority > lowest) continue;
      if (!also_failed && member.name == wish.failed) continue;
      if (wish.guard && wish.guard->Refuses(member.name)) continue;
      if (member.priority < lowest) found.clear();
      lowest = member.priority;
      found.push_back(&member);
    }
    if (!found.empty()) return found;
  }
  return found;
}

PoolState::Member& PoolState::InTurn(const std::vector<Member*>& members) {
  std::int64_t all = 0;
  Member* next = nullptr;
  for (Member* member : members) {
    member->turn += member->weight;
    all += member->weight;
    if (!next || member->turn > next->turn) next = member;
  }
  next->turn -= all;
  return *next;
}

// Weighted rendezvous hashing: when a member goes, only its own move.
PoolState::Member& PoolState::ByHash(const std::vector<Member*>& members, std::string_view owner) {
  Member* best = nullptr;
  double best_score = 0;
  for (Member* member : members) {
    const double score =
        -static_cast<double>(member->weight) / std::log(Share(owner, member->name));
    if (best && score <= best_score) continue;
    best = member;
    best_score = score;
  }
  return *best;
}

PoolState::Member* PoolState::Find(std::string_view name) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.name == name; });
  return found == members_.end() ? nullptr : &*found;
}

bool PoolState::by_principal() const {
  const std::lock_guard lock(mutex_);
  return by_principal_;
}

milliseconds PoolState::check_interval() const {
  const std::lock_guard lock(mutex_);
  return interval_;
}

milliseconds PoolState::check_timeout() const {
  const std::lock_guard lock(mutex_);
  return timeout_;
}

bool PoolState::TakeCheck(std::string_view name) {
  const std::lock_guard lock(mutex_);
  Member* const member = Find(name);
  const base::TimePoint now = clock_.Now();
  if (!member || now < member->next_check) return false;
  // A little less: timers of several workers do not fire at the same moment.
  member->next_check = now + interval_ * 9 / 10;
  return true;
}

void PoolState::NoteCheck(std::string_view name, bool well) {
  const std::lock_guard lock(mutex_);
  Member* const member = Find(name);
  if (!member) return;
  member->good_checks = well ? member->good_checks + 1 : 0;
  member->failed_checks = well ? 0 : member->failed_checks + 1;
  if (member->well && member->failed_checks >= unhealthy_after_) member->well = false;
  if (!member->well && member->good_checks >= healthy_after_) member->well = true;
}

}  // namespace gateway
