#include "gateway/feed/resource_feed.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/rpc/channel.h"
#include "gateway/feed/gateway_store.h"
#include "gateway/feed/quota_leaser.h"
#include "gateway/feed/replica.h"
#include "policy/secrets.h"
#include "portolan/v1/fleet_service.grpc.pb.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using std::chrono::milliseconds, std::chrono::steady_clock, std::chrono::system_clock;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{2'000};
constexpr milliseconds kCallTimeout{5'000};
// A heartbeat comes each second; a stream that is silent for so long is dead.
constexpr milliseconds kSilence{10'000};
constexpr milliseconds kSnapshotInterval{1'000};
constexpr std::int64_t kHeardIntervalMs = 10'000;
constexpr std::chrono::minutes kProblemLogInterval{1};

std::int64_t UnixMillis() { return base::SystemClock().UnixMillis(); }
std::int64_t SteadyMillis() {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}
// Long before any start; differences to it can be taken.
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min() / 2;

base::Result<std::shared_ptr<grpc::Channel>> ChannelTo(const base::rpc::Peer& registry) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // Also how long one attempt to connect may take: a registry on a busy machine needs a moment.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  return base::rpc::OpenChannel(registry, std::move(arguments));
}

class GrpcFeed final : public ResourceFeed {
 public:
  GrpcFeed(FeedOptions options, GatewayStore store, FeedSink& sink, ReportQueue& reports,
           state::Quotas& quotas, const std::shared_ptr<grpc::Channel>& channel)
      : options_(std::move(options)),
        store_(std::move(store)),
        sink_(sink),
        reports_(reports),
        stub_(v1::FleetService::NewStub(channel)),
        leaser_(quotas, [this](const v1::LeaseQuotasRequest& request, milliseconds within) {
          return Lease(request, within);
        }) {
    RestoreSnapshot();
    if (auto credential = store_.ReadCredential()) credential_ = *std::move(credential);
  }

  ~GrpcFeed() override {
    leaser_.Stop();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (stream_) stream_->TryCancel();
      wake_.notify_all();
    }
    reports_.Stop();
    if (follower_.joinable()) follower_.join();
    if (sender_.joinable()) sender_.join();
  }

  void Start() override {
    follower_ = std::thread([this] { FollowUntilStopped(); });
    sender_ = std::thread([this] { SendUntilStopped(); });
    leaser_.Start();
  }

  bool connected() const override { return connected_; }
  std::int64_t revision() const override { return revision_; }
  std::int64_t stale_s() const override {
    const std::int64_t heard = heard_steady_ms_;
    return heard == kNever ? -1 : std::max<std::int64_t>(0, (SteadyMillis() - heard) / 1000);
  }
  std::string problem() const override {
    const std::lock_guard lock(mutex_);
    return connected_ ? std::string() : problem_;
  }

 private:
  // ---- The follower's thread (and Open's, before it runs)

  void RestoreSnapshot() {
    const auto kept = store_.ReadSnapshot();
    if (!kept) {
      if (kept.error().code != base::Code::kNotFound) {
        spdlog::warn("the kept snapshot is not used: {}", kept.error().message);
      }
      return;
    }
    auto events = UnpackEvents(kept->bytes);
    if (!events) return spdlog::warn("the kept snapshot is not used: {}", events.error().message);
    for (v1::FollowResponse& event : *events) {
      replica_.Apply(event);
      HandOn(std::move(event));
    }
    if (kept->lacks_kinds) from_ = 0;
    revision_ = replica_.revision();
    heard_ms_ = store_.last_heard_ms().value_or(0);
    // From now on the time that passes counts, whatever becomes of the wall clock.
    if (heard_ms_ != 0) {
      heard_steady_ms_ = SteadyMillis() - std::max<std::int64_t>(0, UnixMillis() - heard_ms_);
    }
    spdlog::info("serving the snapshot kept on disk, revision {}", replica_.revision());
  }

  void FollowUntilStopped() {
    milliseconds pause = kFirstPause;
    while (!stopping()) {
      const grpc::Status status = FollowOnce(pause);
      connected_ = false;
      WriteSnapshot();
      if (stopping()) break;
      if (status.error_code() == grpc::StatusCode::OUT_OF_RANGE) {
        // The registry no longer knows the changes since then (or is another one): everything anew.
        from_ = 0;
      } else if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
        ForgetCredential();
      }
      NoteProblem(status);
      Pause(pause);
      pause = std::min(pause * 2, kLongestPause);
    }
    if (heard_ms_ != 0) store_.SetLastHeard(heard_ms_);
  }

  grpc::Status FollowOnce(milliseconds& pause) {
    if (credential().empty()) {
      if (grpc::Status joined = Join(); !joined.ok()) return joined;
    }
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + credential());
    v1::FollowRequest request;
    request.set_from_revision(from_.value_or(replica_.revision()));
    request.set_version(options_.version);
    request.set_admin_url(options_.admin_url);
    request.set_allow_stdio(options_.allow_stdio);
    if (!BeginStream(context)) return grpc::Status::CANCELLED;
    const auto stream = stub_->Follow(&context, request);
    v1::FollowResponse event;
    while (stream->Read(&event)) {
      pause = kFirstPause;
      Heard();
      dirty_ |= replica_.Apply(event);
      if (event.has_changes()) from_.reset();
      revision_ = replica_.revision();
      HandOn(std::move(event));
      if (steady_clock::now() >= next_snapshot_) WriteSnapshot();
    }
    EndStream();
    return stream->Finish();
  }

  grpc::Status Join() {
    const auto token = store_.ReadJoinToken();
    if (!token) return {grpc::StatusCode::UNAVAILABLE, "cannot join: " + token.error().message};
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + kCallTimeout);
    v1::JoinRequest request;
    request.set_join_token(*token);
    request.set_name(options_.name);
    request.set_public_key(store_.box_keys().public_key);
    request.set_version(options_.version);
    v1::JoinResponse response;
    const grpc::Status status = stub_->Join(&context, request, &response);
    // An UNAUTHENTICATED of Join means the join token, not a credential.
    if (!status.ok()) return {grpc::StatusCode::UNAVAILABLE, "join: " + status.error_message()};
    const auto credential = Open(response.credential());
    if (!credential) return {grpc::StatusCode::UNAVAILABLE, "join: " + credential.error().message};
    if (auto kept = store_.WriteCredential(*credential); !kept) {
      spdlog::warn("the credential is not kept: {}", kept.error().message);
    }
    const std::lock_guard lock(mutex_);
    credential_ = *credential;
    wake_.notify_all();
    spdlog::info("joined {} as gateway '{}'", options_.registry.address, options_.name);
    return grpc::Status::OK;
  }

  base::Result<std::string> Open(const v1::Sealed& sealed) const {
    const base::auth::SealedBox box{sealed.ephemeral_public_key(), sealed.nonce(),
                                    sealed.ciphertext()};
    return base::auth::OpenBox(store_.box_keys(), box);
  }

  void HandOn(v1::FollowResponse&& event) {
    switch (event.event_case()) {
      case v1::FollowResponse::kChanges:
        for (v1::Change& change : *event.mutable_changes()->mutable_changes())
          OpenSecrets(*change.mutable_resource());
        return sink_.OnChanges(std::move(*event.mutable_changes()));
      case v1::FollowResponse::kDefinitions:
        return sink_.OnDefinitions(std::move(*event.mutable_definitions()));
      case v1::FollowResponse::kKeys: return HandOnKeys(event.keys());
      case v1::FollowResponse::kProbe: return sink_.OnProbe(std::move(*event.mutable_probe()));
      case v1::FollowResponse::kPurge: return sink_.OnPurge(event.purge());
      case v1::FollowResponse::kHeartbeat:
      case v1::FollowResponse::EVENT_NOT_SET: return;
    }
  }

  // What is kept stays sealed to this gateway. One that does not open is missing, and its resource is
  // rejected.
  void OpenSecrets(v1::Resource& resource) const {
    if (!resource.has_credential()) return;
    const auto open = [this](v1::Secret& secret, const std::string&) -> base::Result<void> {
      if (!secret.has_sealed()) return {};
      v1::Sealed sealed;
      const bool parsed = sealed.ParseFromString(secret.sealed());
      secret.clear_source();
      base::Result<std::string> opened = base::Fail(base::Code::kDataLoss, "not a sealed box");
      if (parsed) opened = Open(sealed);
      if (opened.has_value()) secret.set_value(*std::move(opened));
      return {};
    };
    static_cast<void>(policy::ForEachSecret(resource, open));
  }

  void HandOnKeys(const v1::Keys& keys) {
    if (!keys.registry_version().empty() && keys.registry_version() != options_.version) {
      spdlog::info("the registry is version {}, this gateway {}", keys.registry_version(),
                   options_.version);
    }
    const auto opened = Open(keys.session_ring());
    v1::KeyRing ring;
    if (!opened || !ring.ParseFromString(*opened)) {
      return spdlog::error("the registry's keys are not sealed to this gateway");
    }
    FeedKeys result;
    for (const std::string& key : ring.keys()) {
      if (key.size() == 32) result.session_ring.push_back(key);
    }
    result.call_token_public_keys.assign(keys.call_token_public_keys().begin(),
                                         keys.call_token_public_keys().end());
    sink_.OnKeys(std::move(result));
  }

  void Heard() {
    const std::int64_t now = UnixMillis();
    heard_ms_ = now;
    heard_steady_ms_ = SteadyMillis();
    if (!connected_.exchange(true)) {
      spdlog::info("following the registry at {}", options_.registry.address);
      logged_problem_.clear();
    }
    if (std::abs(now - heard_kept_ms_) < kHeardIntervalMs) return;
    heard_kept_ms_ = now;
    store_.SetLastHeard(now);
  }

  void WriteSnapshot() {
    // What is to be heard anew stays as it was kept.
    if (!dirty_ || replica_.empty() || from_) return;
    next_snapshot_ = steady_clock::now() + kSnapshotInterval;
    if (auto written = store_.WriteSnapshot(PackEvents(replica_.Events())); !written) {
      return spdlog::error("the snapshot is not kept: {}", written.error().message);
    }
    dirty_ = false;
  }

  void NoteProblem(const grpc::Status& status) {
    const std::string problem =
        status.ok() ? "the registry ended the stream" : status.error_message();
    // While it is away each attempt fails, in changing words.
    const auto now = steady_clock::now();
    if (logged_problem_.empty() || now >= next_problem_log_) {
      spdlog::warn("not following the registry at {}: {}", options_.registry.address, problem);
      logged_problem_ = problem;
      next_problem_log_ = now + kProblemLogInterval;
    }
    const std::lock_guard lock(mutex_);
    problem_ = problem;
  }

  // ---- The sender's thread

  void SendUntilStopped() {
    milliseconds pause = kFirstPause;
    while (true) {
      v1::ReportRequest report;
      const bool last = stopping();
      const bool taken = reports_.Take(report, milliseconds(1'000));
      DropSilentStream();
      if (taken && !Send(report, last)) {
        reports_.GiveBack(std::move(report));
        if (!last) Pause(pause);
        pause = std::min(pause * 2, kLongestPause);
      } else if (taken) {
        pause = kFirstPause;
      }
      if (last) return;
    }
  }

  bool Send(const v1::ReportRequest& report, bool last) {
    const std::string bearer = credential();
    if (bearer.empty()) return false;
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + (last ? milliseconds(1'000) : kCallTimeout));
    context.AddMetadata("authorization", "Bearer " + bearer);
    v1::ReportResponse response;
    const grpc::Status status = stub_->Report(&context, report, &response);
    if (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT) {
      // It would be refused again.
      spdlog::error("the registry refused a report: {}", status.error_message());
      return true;
    }
    return status.ok();
  }

  // ---- The leaser's thread

  base::Result<v1::LeaseQuotasResponse> Lease(const v1::LeaseQuotasRequest& request,
                                              milliseconds within) {
    const std::string bearer = credential();
    if (bearer.empty()) return base::Fail(base::Code::kUnavailable, "not joined yet");
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + within);
    context.AddMetadata("authorization", "Bearer " + bearer);
    v1::LeaseQuotasResponse response;
    const grpc::Status status = stub_->LeaseQuotas(&context, request, &response);
    if (status.ok()) return response;
    const bool unreachable = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                             status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    return base::Fail(unreachable ? base::Code::kUnavailable : base::Code::kFailedPrecondition,
                      status.error_message());
  }

  void DropSilentStream() {
    const std::lock_guard lock(mutex_);
    if (!stream_ || steady_clock::now() - stream_began_ < kSilence) return;
    if (SteadyMillis() - heard_steady_ms_ >= kSilence.count()) stream_->TryCancel();
  }

  // ---- Both

  bool stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  void Pause(milliseconds pause) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, pause, [this] { return stopping_; });
  }

  std::string credential() const {
    const std::lock_guard lock(mutex_);
    return credential_;
  }

  void ForgetCredential() {
    store_.ForgetCredential();
    const std::lock_guard lock(mutex_);
    credential_.clear();
  }

  bool BeginStream(grpc::ClientContext& context) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    stream_ = &context;
    stream_began_ = steady_clock::now();
    return true;
  }

  void EndStream() {
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
  }

  // Constant after construction
  const FeedOptions options_;

  // The follower's
  GatewayStore store_;
  FeedSink& sink_;
  Replica replica_;
  std::optional<std::int64_t> from_;  // instead of the replica's revision
  bool dirty_ = false;
  steady_clock::time_point next_snapshot_{};
  std::int64_t heard_kept_ms_ = 0;
  std::string logged_problem_;
  steady_clock::time_point next_problem_log_{};

  // Thread-safe by themselves
  ReportQueue& reports_;
  const std::unique_ptr<v1::FleetService::Stub> stub_;
  std::atomic<bool> connected_{false};
  std::atomic<std::int64_t> revision_{0};
  std::atomic<std::int64_t> heard_ms_{0};  // by the wall clock, to be kept
  std::atomic<std::int64_t> heard_steady_ms_{kNever};

  // Under the lock
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::string credential_;
  std::string problem_ = "not connected yet";
  grpc::ClientContext* stream_ = nullptr;
  steady_clock::time_point stream_began_;

  QuotaLeaser leaser_;
  std::thread follower_;
  std::thread sender_;
};

}  // namespace

base::Result<std::unique_ptr<ResourceFeed>> ResourceFeed::Open(FeedOptions options, FeedSink& sink,
                                                               ReportQueue& reports,
                                                               state::Quotas& quotas) {
  auto store = GatewayStore::Open(options.data);
  if (!store) return store.error();
  const auto channel = ChannelTo(options.registry);
  if (!channel) return channel.error().WithContext("--registry");
  std::unique_ptr<ResourceFeed> feed = std::make_unique<GrpcFeed>(
      std::move(options), *std::move(store), sink, reports, quotas, *channel);
  return feed;
}

}  // namespace gateway
