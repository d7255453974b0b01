#include "gateway/routing/follower.h"

#include "base/log.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

template <class Spec>
void TellChanges(const Entries<Spec>& before, const Entries<Spec>& now,
                 const std::function<void(const Entry<Spec>&)>& put,
                 const std::function<void(const std::string&)>& removed) {
  for (const auto& [name, entry] : now) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != entry) put(*entry);
  }
  for (const auto& [name, entry] : before) {
    if (!now.contains(name)) removed(name);
  }
}

}  // namespace

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

// Here and now: nothing of the loop's is touched, and somebody waits for it.
void Follower::OnPurge(const v1::CachePurge& purge) {
  state_.results.Forget(purge.server(), purge.item());
  reporter_.Purged(purge.purge_id());
}

void Follower::Take(const v1::Changes& changes) {
  const Entries<v1::Server> servers = snapshot_.servers();
  const Entries<v1::IdentityProvider> providers = snapshot_.providers();
  const Entries<v1::Credential> credentials = snapshot_.credentials();
  for (v1::Rejection& rejection : snapshot_.Apply(changes)) {
    spdlog::warn("rejected kind={} name={} revision={} reason=\"{}\"", rejection.kind(),
                 rejection.name(), rejection.revision(), rejection.message());
    reporter_.Reject(std::move(rejection));
  }
  // Before the servers that are shown them.
  TellChanges(credentials, snapshot_.credentials(), outlets_.credential_put,
              outlets_.credential_removed);
  TellChanges(servers, snapshot_.servers(), outlets_.server_put, outlets_.server_removed);
  // Before the rules that ask for their tokens.
  TellChanges(providers, snapshot_.providers(), outlets_.provider_put, outlets_.provider_removed);
  ScheduleSwap();
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
