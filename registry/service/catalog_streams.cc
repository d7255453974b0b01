#include "registry/service/catalog_streams.h"

#include <algorithm>
#include <atomic>
#include <deque>

#include "registry/catalog/validate.h"
#include "registry/service/disclosure.h"

namespace registry {
namespace {

constexpr int kStatusPage = 256;

class WatchStream final : public Stream {
 public:
  WatchStream(Catalog& catalog, Bell& tick, Caller caller, std::vector<std::string> kinds,
              std::int64_t from, const SeenServers& seen, Wake wake)
      : catalog_(catalog),
        caller_(std::move(caller)),
        kinds_(std::move(kinds)),
        position_{.revision = from, .began_at = -1},
        sight_(catalog, {caller_, from != 0, Watches("ServerVersion")}, seen),
        on_change_(catalog.bell(), wake),
        on_tick_(tick, [this, wake] {
          tick_.store(true);
          wake();
        }) {}

  base::Result<State> Next(google::protobuf::Message& out) override {
    auto& response = static_cast<v1::WatchResponse&>(out);
    while (changes_.empty() && (more_ || catalog_.revision() > position_.revision)) {
      auto read = catalog_.ChangesAfter(position_, kinds_);
      if (read.has_error()) return read.error();
      more_ = read->more;
      for (v1::Change& change : read->changes) {
        if (const auto ok = sight_.Take(std::move(change), changes_); ok.has_error())
          return ok.error();
      }
    }
    if (!changes_.empty()) {
      *response.mutable_change() = std::move(changes_.front());
      changes_.pop_front();
      HideSecrets(catalog_, caller_, *response.mutable_change()->mutable_resource());
      return State::kMessage;
    }
    if (!replayed_ || tick_.exchange(false)) {
      sight_.Follows();
      replayed_ = true;
      response.set_revision(position_.revision);
      return State::kMessage;
    }
    return State::kWait;
  }

 private:
  bool Watches(std::string_view kind) const {
    return std::find(kinds_.begin(), kinds_.end(), kind) != kinds_.end();
  }

  Catalog& catalog_;
  const Caller caller_;
  const std::vector<std::string> kinds_;
  Catalog::Position position_;
  WatcherSight sight_;
  std::deque<v1::Change> changes_;
  bool more_ = true;
  bool replayed_ = false;
  std::atomic<bool> tick_{false};
  // Last: they call in from other threads until they are destroyed
  Bell::Listener on_change_;
  Bell::Listener on_tick_;
};

class StatusStream final : public Stream {
 public:
  StatusStream(Catalog& catalog, std::function<bool(const std::string&)> may_see, Wake wake)
      : catalog_(catalog),
        may_see_(std::move(may_see)),
        on_status_(catalog.status_bell(), std::move(wake)) {}

  base::Result<State> Next(google::protobuf::Message& out) override {
    while (statuses_.empty()) {
      auto read = catalog_.StatusAfter(sequence_, kStatusPage);
      if (read.has_error()) return read.error();
      if (read->statuses.empty()) return State::kWait;
      sequence_ = read->sequence;
      for (v1::ServerStatus& status : read->statuses) {
        if (may_see_(status.server())) statuses_.push_back(std::move(status));
      }
    }
    *static_cast<v1::WatchStatusResponse&>(out).mutable_status() = std::move(statuses_.front());
    statuses_.pop_front();
    return State::kMessage;
  }

 private:
  Catalog& catalog_;
  const std::function<bool(const std::string&)> may_see_;
  std::int64_t sequence_ = 0;
  std::deque<v1::ServerStatus> statuses_;
  Bell::Listener on_status_;
};

}  // namespace

base::Result<std::unique_ptr<Stream>> OpenWatch(Catalog& catalog, Bell& tick, const Caller& caller,
                                                const v1::WatchRequest& request,
                                                const SeenServers& seen, Wake wake) {
  std::vector<std::string> kinds(request.kinds().begin(), request.kinds().end());
  if (kinds.empty()) {
    kinds = {"Server", "ServerVersion", "PolicySet", "Consumer"};
    if (caller.admin()) kinds.push_back("ApiKey");
  }
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (!IsKind(kinds[i])) {
      return FieldError("/kinds/" + std::to_string(i),
                        "there is no kind '" + kinds[i].substr(0, 80) + "'");
    }
    if (const auto ok = CheckMayRead(caller, kinds[i]); ok.has_error()) return ok.error();
  }
  if (request.from_revision() < 0) return FieldError("/from_revision", "must not be negative");
  return std::make_unique<WatchStream>(catalog, tick, caller, std::move(kinds),
                                       request.from_revision(), seen, std::move(wake));
}

base::Result<std::unique_ptr<Stream>> OpenWatchStatus(
    Catalog& catalog, std::function<bool(const std::string& server)> may_see, Wake wake) {
  return std::make_unique<StatusStream>(catalog, std::move(may_see), std::move(wake));
}

}  // namespace registry
