#include "registry/service/fleet_streams.h"

#include <atomic>
#include <deque>

#include "registry/catalog/masked.h"
#include "registry/service/sealed_for_gateway.h"

namespace registry {
namespace {

constexpr std::size_t kPartBytes = 4 << 20;
constexpr int kDefinitionsPage = 64;
constexpr std::chrono::seconds kProbeTime{90};

class FollowStream final : public Stream {
 public:
  FollowStream(const FleetStreams& around, Follower follower, const v1::FollowRequest& request,
               v1::Keys keys, Wake wake)
      : around_(around),
        follower_(std::move(follower)),
        keys_(std::move(keys)),
        begins_anew_(request.from_revision() == 0),
        position_{.revision = request.from_revision(), .began_at = -1},
        connection_(around.fleet, follower_.gateway, request, wake),
        on_change_(around.catalog.bell(), wake),
        on_tick_(around.tick, [this, wake] {
          tick_.store(true);
          wake();
        }) {}

  base::Result<State> Next(google::protobuf::Message& out) override {
    auto& response = static_cast<v1::FollowResponse&>(out);
    if (connection_.superseded()) {
      return base::Fail(base::Code::kAborted, "another gateway of this name has connected");
    }
    if (!keys_sent_) {
      keys_sent_ = true;
      *response.mutable_keys() = std::move(keys_);
      return State::kMessage;
    }
    if (const auto sent = NextChanges(response); sent.has_error() || *sent) return MessageOr(sent);
    if (tick_.exchange(false)) {
      response.mutable_heartbeat()->set_revision(position_.revision);
      response.mutable_heartbeat()->set_now_ms(around_.clock.UnixMillis());
      return State::kMessage;
    }
    if (auto order = connection_.TakeOrder()) {
      *response.mutable_probe() = std::move(*order);
      return State::kMessage;
    }
    if (auto purge = connection_.TakePurge()) {
      *response.mutable_purge() = std::move(*purge);
      return State::kMessage;
    }
    return MessageOr(NextDefinitions(response));
  }

 private:
  static base::Result<State> MessageOr(const base::Result<bool>& sent) {
    if (sent.has_error()) return sent.error();
    return *sent ? State::kMessage : State::kWait;
  }

  base::Result<bool> NextChanges(v1::FollowResponse& response) {
    if (told_ && !more_ && around_.catalog.revision() <= position_.revision) return false;
    // What gateways serve, and who may come to it.
    static const std::vector<std::string> kKinds = {
        "Server",       "PolicySet",        "Consumer", "ApiKey",      "Product",
        "Subscription", "IdentityProvider", "Token",    "RoleBinding", "Credential"};
    auto read = around_.catalog.ChangesAfter(position_, kKinds, kPartBytes);
    if (read.has_error()) return read.error();
    more_ = read->more;
    v1::Changes& changes = *response.mutable_changes();
    for (v1::Change& change : read->changes) {
      // Whether a token lives, not what proves it: tokens are shown to the registry alone.
      if (change.resource().has_token()) ClearHashes(*change.mutable_resource());
      if (change.resource().has_credential())
        SealForGateway(*change.mutable_resource(), follower_.vault, follower_.public_key);
      *changes.add_changes() = std::move(change);
    }
    changes.set_revision(position_.revision);
    changes.set_complete(std::exchange(begins_anew_, false));
    changes.set_more(more_);
    told_ = true;
    return true;
  }

  base::Result<bool> NextDefinitions(v1::FollowResponse& response) {
    while (true) {
      if (listed_.empty()) {
        auto read = around_.catalog.DefinitionsAfter(sequence_, kDefinitionsPage);
        if (read.has_error()) return read.error();
        if (read->servers.empty()) return false;
        sequence_ = read->sequence;
        listed_.assign(read->servers.begin(), read->servers.end());
      }
      const std::string server = std::move(listed_.front());
      listed_.pop_front();
      auto definitions = around_.catalog.ServedDefinitions(server);
      if (definitions.has_error()) {
        if (definitions.error().code == base::Code::kNotFound) continue;  // deleted meanwhile
        return definitions.error();
      }
      *response.mutable_definitions() = std::move(*definitions);
      return true;
    }
  }

  const FleetStreams around_;
  const Follower follower_;
  v1::Keys keys_;
  bool keys_sent_ = false;
  bool begins_anew_;
  bool told_ = false;
  bool more_ = false;
  Catalog::Position position_;
  std::int64_t sequence_ = 0;  // of definitions
  std::deque<std::string> listed_;
  std::atomic<bool> tick_{true};
  // Last: they call in from other threads until they are destroyed
  Fleet::Connection connection_;
  Bell::Listener on_change_;
  Bell::Listener on_tick_;
};

class ProbeStream final : public Stream {
 public:
  ProbeStream(const FleetStreams& around, std::unique_ptr<Fleet::Probe> probe, Wake wake)
      : around_(around),
        probe_(std::move(probe)),
        deadline_(around.clock.Now() + kProbeTime),
        on_tick_(around.tick, std::move(wake)) {}

  base::Result<State> Next(google::protobuf::Message& out) override {
    if (ended_) return State::kEnd;
    if (auto event = probe_->TakeEvent()) {
      ended_ = event->has_status();
      static_cast<v1::ProbeResponse&>(out) = std::move(*event);
      return State::kMessage;
    }
    if (probe_->abandoned())
      return base::Fail(base::Code::kUnavailable, "the gateway that was checking has gone away");
    if (around_.clock.Now() > deadline_) {
      return base::Fail(base::Code::kDeadlineExceeded,
                        "the gateway did not finish checking within 90 s");
    }
    return State::kWait;
  }

 private:
  const FleetStreams around_;
  std::unique_ptr<Fleet::Probe> probe_;
  const base::TimePoint deadline_;
  bool ended_ = false;
  Bell::Listener on_tick_;
};

}  // namespace

std::unique_ptr<Stream> OpenFollow(const FleetStreams& around, Follower follower,
                                   const v1::FollowRequest& request, v1::Keys keys, Wake wake) {
  return std::make_unique<FollowStream>(around, std::move(follower), request, std::move(keys),
                                        std::move(wake));
}

std::unique_ptr<Stream> OpenProbe(const FleetStreams& around, std::unique_ptr<Fleet::Probe> probe,
                                  Wake wake) {
  return std::make_unique<ProbeStream>(around, std::move(probe), std::move(wake));
}

}  // namespace registry
