#include "gateway/routing/follower.h"

#include "base/log.h"

namespace gateway {

namespace v1 = portolan::v1;

Follower::Follower(base::Loop& loop, state::RuleState& state, Reporter& reporter, Outlets outlets)
    : loop_(loop),
      state_(state),
      reporter_(reporter),
      outlets_(std::move(outlets)),
      timer_(loop.io) {}

Follower::~Follower() = default;

void Follower::OnChanges(v1::Changes&& changes) {
  loop_.Post([this, changes = std::move(changes)] { Take(changes); });
}

void Follower::OnDefinitions(v1::ServerDefinitions&& definitions) {
  loop_.Post([this, definitions = std::move(definitions)] {
    snapshot_.Apply(definitions);
    ScheduleSwap();
  });
}

void Follower::OnKeys(FeedKeys&& keys) {
  loop_.Post([this, keys = std::move(keys)] { outlets_.keys(keys); });
}

void Follower::OnProbe(v1::ProbeOrder&& order) {
  loop_.Post([this, order = std::move(order)] { outlets_.probe(order); });
}

void Follower::Take(const v1::Changes& changes) {
  const Entries<v1::Server> before = snapshot_.servers();
  for (v1::Rejection& rejection : snapshot_.Apply(changes)) {
    spdlog::warn("rejected kind={} name={} revision={} reason=\"{}\"", rejection.kind(),
                 rejection.name(), rejection.revision(), rejection.message());
    reporter_.Reject(std::move(rejection));
  }
  TellServers(before);
  ScheduleSwap();
}

void Follower::TellServers(const Entries<v1::Server>& before) {
  for (const auto& [name, entry] : snapshot_.servers()) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != entry) outlets_.server_put(*entry);
  }
  for (const auto& [name, entry] : before) {
    if (!snapshot_.servers().contains(name)) outlets_.server_removed(name);
  }
}

void Follower::ScheduleSwap() {
  if (swap_scheduled_ || snapshot_.replacing()) return;
  swap_scheduled_ = true;
  timer_.expires_at(last_swap_ + kSwapEvery);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Swap();
  });
}

void Follower::Swap() {
  swap_scheduled_ = false;
  if (snapshot_.replacing()) return;  // the last part schedules it again
  last_swap_ = std::chrono::steady_clock::now();
  table_ = Compile(snapshot_, *table_, state_);
  outlets_.publish(table_);
}

}  // namespace gateway
