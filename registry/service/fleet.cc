#include "registry/service/fleet.h"

#include "base/auth/api_key.h"

namespace registry {
namespace {

constexpr std::size_t kMaxEvents = 64;
constexpr int kMaxRejections = 1000;
constexpr std::size_t kMaxPurges = 100;
constexpr std::size_t kMaxWaiting = 2;

}  // namespace

// ---- Gateways

Fleet::Connection::Connection(Fleet& fleet, std::string name, const v1::FollowRequest& request,
                              Wake wake)
    : fleet_(fleet), name_(std::move(name)) {
  Wake before;
  {
    std::lock_guard lock(fleet_.mutex_);
    number_ = fleet_.next_number_++;
    Gateway& gateway = fleet_.gateways_[name_];
    gateway.connection = number_;
    gateway.allow_stdio = request.allow_stdio();
    gateway.orders.clear();
    gateway.status.set_name(name_);
    gateway.status.set_connected(true);
    gateway.status.set_version(request.version().substr(0, 100));
    gateway.status.set_admin_url(request.admin_url().substr(0, 2048));
    gateway.status.set_last_seen_ms(fleet_.clock_.UnixMillis());
    before = std::exchange(gateway.wake, std::move(wake));
    // Under the lock: its stream unregisters under the lock too, so it is still there.
    if (before) before();
  }
}

Fleet::Connection::~Connection() {
  std::lock_guard lock(fleet_.mutex_);
  Gateway& gateway = fleet_.gateways_[name_];
  if (gateway.connection != number_) return;
  gateway.connection = 0;
  gateway.wake = nullptr;
  gateway.orders.clear();
  gateway.status.set_connected(false);
  gateway.status.set_last_seen_ms(fleet_.clock_.UnixMillis());
  for (auto& [id, probe] : fleet_.probes_) {
    if (probe.connection == number_ && probe.wake) probe.wake();
  }
}

bool Fleet::Connection::superseded() const {
  std::lock_guard lock(fleet_.mutex_);
  return fleet_.gateways_[name_].connection != number_;
}

std::optional<v1::ProbeOrder> Fleet::Connection::TakeOrder() {
  std::lock_guard lock(fleet_.mutex_);
  Gateway& gateway = fleet_.gateways_[name_];
  if (gateway.connection != number_ || gateway.orders.empty()) return std::nullopt;
  v1::ProbeOrder order = std::move(gateway.orders.front());
  gateway.orders.pop_front();
  return order;
}

std::optional<v1::CachePurge> Fleet::Connection::TakePurge() {
  std::lock_guard lock(fleet_.mutex_);
  Gateway& gateway = fleet_.gateways_[name_];
  if (gateway.connection != number_ || gateway.purges.empty()) return std::nullopt;
  v1::CachePurge purge = std::move(gateway.purges.front());
  gateway.purges.pop_front();
  return purge;
}

void Fleet::Heard(const std::string& name, const v1::ReportRequest& report) {
  std::lock_guard lock(mutex_);
  Gateway& gateway = gateways_[name];
  gateway.status.set_name(name);
  gateway.status.set_revision(report.revision());
  gateway.status.set_last_seen_ms(clock_.UnixMillis());
  for (const v1::Rejection& rejection : report.rejections()) {
    auto& all = *gateway.status.mutable_rejections();
    for (auto known = all.begin(); known != all.end();) {
      known = known->kind() == rejection.kind() && known->name() == rejection.name()
                  ? all.erase(known)
                  : known + 1;
    }
    if (all.size() < kMaxRejections) *all.Add() = rejection;
  }
  for (const std::string& id : report.purges_done()) {
    const auto purging = purging_.find(id);
    if (purging == purging_.end()) continue;
    purging->second.erase(name);
    purged_.notify_all();
  }
}

v1::ListGatewaysResponse Fleet::List() const {
  v1::ListGatewaysResponse response;
  std::lock_guard lock(mutex_);
  for (const auto& [name, gateway] : gateways_) *response.add_gateways() = gateway.status;
  return response;
}

int Fleet::connected() const {
  std::lock_guard lock(mutex_);
  int count = 0;
  for (const auto& [name, gateway] : gateways_) count += gateway.connection != 0 ? 1 : 0;
  return count;
}

// ---- Kept answers

base::Result<v1::PurgeCacheResponse> Fleet::Forget(const std::string& server,
                                                   const std::string& item,
                                                   std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  std::unique_lock lock(mutex_);
  if (purging_.size() >= kMaxWaiting) {
    return base::Fail(base::Code::kResourceExhausted,
                      "gateways are forgetting already; try again in a moment");
  }
  v1::CachePurge purge;
  purge.set_purge_id(base::auth::Hex(base::auth::RandomBytes(8)));
  purge.set_server(server);
  purge.set_item(item);
  std::set<std::string>& not_done = purging_[purge.purge_id()];
  for (auto& [name, gateway] : gateways_) {
    not_done.insert(name);
    gateway.purges.push_back(purge);
    if (gateway.purges.size() > kMaxPurges) {
      // One for all of these: to forget everything.
      gateway.purges.erase(gateway.purges.begin(), gateway.purges.end() - 1);
      gateway.purges.back().clear_server();
      gateway.purges.back().clear_item();
    }
    if (gateway.connection != 0) gateway.wake();
  }
  purged_.wait_until(lock, until, [&] { return not_done.empty(); });
  v1::PurgeCacheResponse response;
  for (const auto& [name, gateway] : gateways_)
    *(not_done.contains(name) ? response.add_not_heard_of() : response.add_done()) = name;
  purging_.erase(purge.purge_id());
  return response;
}

// ---- Probes

base::Result<std::unique_ptr<Fleet::Probe>> Fleet::Order(const std::string& server,
                                                         bool needs_stdio, Wake wake) {
  std::lock_guard lock(mutex_);
  bool any = false;
  for (auto& [name, gateway] : gateways_) {
    if (gateway.connection == 0) continue;
    any = true;
    if (needs_stdio && !gateway.allow_stdio) continue;
    const std::string id = base::auth::Hex(base::auth::RandomBytes(8));
    v1::ProbeOrder order;
    order.set_probe_id(id);
    order.set_server(server);
    gateway.orders.push_back(std::move(order));
    probes_[id] = Running{name, gateway.connection, {}, std::move(wake)};
    gateway.wake();
    return std::make_unique<Probe>(*this, id);
  }
  if (any) {
    return base::Fail(base::Code::kFailedPrecondition,
                      "no connected gateway starts programs; run one with --allow-stdio");
  }
  return base::Fail(base::Code::kUnavailable,
                    "no gateway is connected, so nobody can reach the server to check it");
}

Fleet::Probe::~Probe() {
  std::lock_guard lock(fleet_.mutex_);
  fleet_.probes_.erase(id_);
}

std::optional<v1::ProbeResponse> Fleet::Probe::TakeEvent() {
  std::lock_guard lock(fleet_.mutex_);
  auto& events = fleet_.probes_[id_].events;
  if (events.empty()) return std::nullopt;
  v1::ProbeResponse event = std::move(events.front());
  events.pop_front();
  return event;
}

bool Fleet::Probe::abandoned() const {
  std::lock_guard lock(fleet_.mutex_);
  const Running& probe = fleet_.probes_[id_];
  return fleet_.gateways_[probe.gateway].connection != probe.connection;
}

void Fleet::ProbeEvent(const std::string& gateway, const v1::ProbeReport& report) {
  std::lock_guard lock(mutex_);
  const auto probe = probes_.find(report.probe_id());
  if (probe == probes_.end() || probe->second.gateway != gateway ||
      probe->second.events.size() >= kMaxEvents)
    return;
  probe->second.events.push_back(report.event());
  probe->second.wake();
}

}  // namespace registry
