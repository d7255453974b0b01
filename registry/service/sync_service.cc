#include "registry/service/sync_service.h"

#include <google/protobuf/util/message_differencer.h>

namespace registry {
namespace {

// Each new state of one source, until its run has ended.
class RunStream final : public Stream {
 public:
  RunStream(sync::Sync& sync, std::string source, Wake wake)
      : sync_(sync), source_(std::move(source)), on_ring_(sync.bell(), std::move(wake)) {}

  base::Result<State> Next(google::protobuf::Message& out) override {
    const auto seen = sync_.See(source_);
    if (seen.has_error()) return seen.error();
    // What is shown before it has begun is the run before.
    const bool waits = seen->busy && seen->status.state() != v1::SyncState::RUNNING;
    const bool told = google::protobuf::util::MessageDifferencer::Equals(seen->status, told_);
    if (!waits && !told) {
      told_ = seen->status;
      *static_cast<v1::RunSyncResponse&>(out).mutable_status() = seen->status;
      return State::kMessage;
    }
    return seen->busy ? State::kWait : State::kEnd;
  }

 private:
  sync::Sync& sync_;
  const std::string source_;
  v1::SyncStatus told_;
  Bell::Listener on_ring_;
};

}  // namespace

base::Result<v1::ListSyncResponse> SyncService::ListSync(const Caller&,
                                                         const v1::ListSyncRequest& request) {
  v1::ListSyncResponse response;
  if (!request.source().empty()) {
    auto seen = sync_.See(request.source());
    if (seen.has_error()) return seen.error();
    *response.add_statuses() = std::move(seen->status);
    return response;
  }
  for (v1::SyncStatus& status : sync_.SeeAll()) *response.add_statuses() = std::move(status);
  return response;
}

base::Result<std::unique_ptr<Stream>> SyncService::RunSync(const Caller&,
                                                           const v1::RunSyncRequest& request,
                                                           Wake wake) {
  const auto asked = sync_.Ask(request.source(), request.full() ? sync::Sync::Extent::kEverything
                                                                : sync::Sync::Extent::kWhatChanged);
  if (asked.has_error()) return asked.error();
  return std::make_unique<RunStream>(sync_, request.source(), std::move(wake));
}

}  // namespace registry
