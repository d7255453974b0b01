#include "gateway/feed/resource_feed.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>

#include "base/auth/api_key.h"
#include "base/auth/sealed_box.h"
#include "base/auth/secret_file.h"
#include "gateway/state/quotas.h"
#include "portolan/v1/fleet_service.grpc.pb.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;
namespace v1 = portolan::v1;

v1::FollowResponse Catalog(std::int64_t revision, std::string server) {
  v1::FollowResponse event;
  v1::Changes& changes = *event.mutable_changes();
  changes.set_complete(true);
  changes.set_revision(revision);
  v1::Resource& resource = *changes.add_changes()->mutable_resource();
  resource.set_kind("Server");
  resource.set_name(server);
  return event;
}

// One credential, its secret sealed as a registry does it.
v1::FollowResponse CredentialFor(const std::string& public_key, const std::string& secret) {
  const auto box = base::auth::SealTo(public_key, secret);
  v1::Sealed sealed;
  sealed.set_ephemeral_public_key(box->ephemeral_public_key);
  sealed.set_nonce(box->nonce);
  sealed.set_ciphertext(box->ciphertext);
  v1::FollowResponse event;
  v1::Changes& changes = *event.mutable_changes();
  changes.set_complete(true);
  changes.set_revision(3);
  v1::Resource& resource = *changes.add_changes()->mutable_resource();
  resource.set_kind("Credential");
  resource.set_name("gh");
  resource.mutable_credential()->mutable_header()->mutable_secret()->set_sealed(
      sealed.SerializeAsString());
  return event;
}

// The registry's side, as far as a gateway sees it.
class FakeRegistry final : public v1::FleetService::Service {
 public:
  ~FakeRegistry() override { Stop(); }

  // On any free port the first time, on the same one after Stop.
  std::string Start() {
    stopped_ = false;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port_),
                             grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    return "127.0.0.1:" + std::to_string(port_);
  }
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      changed_.notify_all();
    }
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  void Send(v1::FollowResponse event) {
    const std::lock_guard lock(mutex_);
    unsent_.push_back(std::move(event));
    changed_.notify_all();
  }
  // Waits until `holds`, called under the lock, is true.
  bool Wait(std::function<bool()> holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), holds);
  }

  // Read and written under the lock
  std::vector<v1::FollowRequest> follows;
  std::vector<v1::ReportRequest> reports;
  int joins = 0;
  std::string public_key;
  std::string credential = "credential-1";
  grpc::StatusCode refuse_follow = grpc::StatusCode::OK;

 private:
  grpc::Status Join(grpc::ServerContext*, const v1::JoinRequest* request,
                    v1::JoinResponse* response) override {
    const std::lock_guard lock(mutex_);
    if (request->join_token() != "join-me") return {grpc::StatusCode::UNAUTHENTICATED, "no"};
    ++joins;
    public_key = request->public_key();
    const auto box = base::auth::SealTo(public_key, credential);
    response->mutable_credential()->set_ephemeral_public_key(box->ephemeral_public_key);
    response->mutable_credential()->set_nonce(box->nonce);
    response->mutable_credential()->set_ciphertext(box->ciphertext);
    changed_.notify_all();
    return grpc::Status::OK;
  }

  bool Authorised(const grpc::ServerContext& context) const {
    const auto found = context.client_metadata().find("authorization");
    return found != context.client_metadata().end() &&
           std::string(found->second.data(), found->second.size()) == "Bearer " + credential;
  }

  grpc::Status Follow(grpc::ServerContext* context, const v1::FollowRequest* request,
                      grpc::ServerWriter<v1::FollowResponse>* writer) override {
    std::unique_lock lock(mutex_);
    if (!Authorised(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "who are you"};
    follows.push_back(*request);
    changed_.notify_all();
    if (refuse_follow != grpc::StatusCode::OK && request->from_revision() != 0) {
      return {std::exchange(refuse_follow, grpc::StatusCode::OK), "too old"};
    }
    while (!stopped_ && !context->IsCancelled()) {
      if (unsent_.empty()) {
        changed_.wait_for(lock, std::chrono::milliseconds(50));
        continue;
      }
      writer->Write(unsent_.front());
      unsent_.pop_front();
    }
    return grpc::Status::OK;
  }

  grpc::Status Report(grpc::ServerContext* context, const v1::ReportRequest* request,
                      v1::ReportResponse*) override {
    const std::lock_guard lock(mutex_);
    if (!Authorised(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "who are you"};
    reports.push_back(*request);
    changed_.notify_all();
    return grpc::Status::OK;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::FollowResponse> unsent_;
  bool stopped_ = false;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class RecordingSink final : public FeedSink {
 public:
  void OnChanges(v1::Changes&& changes) override {
    const std::lock_guard lock(mutex_);
    for (const v1::Change& change : changes.changes()) {
      const v1::Resource& resource = change.resource();
      seen_.push_back(resource.name());
      if (resource.has_credential())
        seen_.push_back(resource.credential().header().secret().ShortDebugString());
    }
    changed_.notify_all();
  }
  void OnDefinitions(v1::ServerDefinitions&& definitions) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back("definitions " + definitions.server());
    changed_.notify_all();
  }
  void OnKeys(FeedKeys&& keys) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back("keys " + keys.session_ring.at(0) + keys.call_token_public_keys.at(0));
    changed_.notify_all();
  }
  void OnProbe(v1::ProbeOrder&& order) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back("probe " + order.server());
    changed_.notify_all();
  }
  void OnPurge(const v1::CachePurge& purge) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back("purge " + purge.server());
    changed_.notify_all();
  }

  // The first so many things it was told.
  std::vector<std::string> Seen(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return seen_.size() >= count; });
    return seen_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> seen_;
};

using Names = std::vector<std::string>;

class ResourceFeedTest : public ::testing::Test {
 protected:
  ResourceFeedTest() {
    options_.data =
        fs::temp_directory_path() / ("feed-" + base::auth::Hex(base::auth::RandomBytes(8)));
    fs::create_directories(options_.data);
    (void)base::auth::WriteSecretFile(options_.data / "gateway.token", "join-me\n");
    options_.registry.address = registry_.Start();
  }
  ~ResourceFeedTest() override { fs::remove_all(options_.data); }

  // A gateway's feed, as after a start of its process.
  struct Gateway {
    explicit Gateway(const FeedOptions& options)
        : feed(*ResourceFeed::Open(options, sink, reports, quotas)) {
      feed->Start();
    }
    base::SystemClock clock;
    RecordingSink sink;
    ReportQueue reports{"gw", clock};
    state::Quotas quotas{clock};
    std::unique_ptr<ResourceFeed> feed;
  };

  FakeRegistry registry_;
  FeedOptions options_;
};

TEST_F(ResourceFeedTest, JoinsOnceAndHandsOnWhatTheRegistrySays) {
  registry_.Send(Catalog(3, "a"));
  v1::FollowResponse order;
  order.mutable_probe()->set_server("a");
  registry_.Send(order);
  order.mutable_purge()->set_server("a");
  registry_.Send(order);
  Gateway gateway(options_);
  EXPECT_EQ(gateway.sink.Seen(3), (Names{"a", "probe a", "purge a"}));
  EXPECT_TRUE(gateway.feed->connected());
  EXPECT_EQ(gateway.feed->revision(), 3);
  EXPECT_LE(gateway.feed->stale_s(), 1);
  EXPECT_TRUE(registry_.Wait([&] { return registry_.joins == 1; }));
}

TEST_F(ResourceFeedTest, OpensTheKeysThatAreSealedToIt) {
  Gateway gateway(options_);
  ASSERT_TRUE(registry_.Wait([&] { return registry_.joins == 1; }));
  v1::KeyRing ring;
  ring.add_keys(std::string(32, 'k'));
  const auto box = base::auth::SealTo(registry_.public_key, ring.SerializeAsString());
  v1::FollowResponse event;
  v1::Keys& keys = *event.mutable_keys();
  keys.mutable_session_ring()->set_ephemeral_public_key(box->ephemeral_public_key);
  keys.mutable_session_ring()->set_nonce(box->nonce);
  keys.mutable_session_ring()->set_ciphertext(box->ciphertext);
  keys.add_call_token_public_keys("public");
  registry_.Send(event);
  EXPECT_EQ(gateway.sink.Seen(1), (Names{"keys " + std::string(32, 'k') + "public"}));
}

TEST_F(ResourceFeedTest, OpensSecretsThatAreSealedToItAndKeepsThemSealed) {
  const std::string marker = "marker-of-the-secret";
  {
    Gateway gateway(options_);
    ASSERT_TRUE(registry_.Wait([&] { return registry_.joins == 1; }));
    registry_.Send(CredentialFor(registry_.public_key, marker));
    EXPECT_EQ(gateway.sink.Seen(2), (Names{"gh", "value: \"" + marker + "\""}));
  }
  for (const auto& file : fs::recursive_directory_iterator(options_.data)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(bytes.find(marker), std::string::npos) << file.path();
  }
  registry_.Stop();
  Gateway again(options_);
  EXPECT_EQ(again.sink.Seen(2), (Names{"gh", "value: \"" + marker + "\""}));
}

TEST_F(ResourceFeedTest, ASecretThatIsSealedToSomebodyElseIsNone) {
  Gateway gateway(options_);
  ASSERT_TRUE(registry_.Wait([&] { return registry_.joins == 1; }));
  registry_.Send(CredentialFor(base::auth::GenerateBoxKeyPair().public_key, "x"));
  EXPECT_EQ(gateway.sink.Seen(2), (Names{"gh", ""}));
}

TEST_F(ResourceFeedTest, ResumesWhereItWasWhenTheRegistryComesBack) {
  registry_.Send(Catalog(7, "a"));
  Gateway gateway(options_);
  gateway.sink.Seen(1);
  registry_.Stop();
  registry_.Start();
  ASSERT_TRUE(registry_.Wait([&] { return registry_.follows.size() == 2; }));
  EXPECT_EQ(registry_.follows[0].from_revision(), 0);
  EXPECT_EQ(registry_.follows[1].from_revision(), 7);
  EXPECT_EQ(registry_.joins, 1);
}

TEST_F(ResourceFeedTest, AsksForEverythingWhenItsRevisionIsTooOld) {
  registry_.Send(Catalog(7, "a"));
  Gateway gateway(options_);
  gateway.sink.Seen(1);
  registry_.Stop();
  registry_.refuse_follow = grpc::StatusCode::OUT_OF_RANGE;
  registry_.Send(Catalog(2, "b"));
  registry_.Start();
  EXPECT_EQ(gateway.sink.Seen(2), (Names{"a", "b"}));
  EXPECT_EQ(gateway.feed->revision(), 2);
}

TEST_F(ResourceFeedTest, StartsFromDiskWhileTheRegistryIsDown) {
  registry_.Send(Catalog(7, "a"));
  v1::FollowResponse definitions;
  definitions.mutable_definitions()->set_server("a");
  registry_.Send(definitions);
  {
    Gateway gateway(options_);
    gateway.sink.Seen(2);
    registry_.Stop();
  }
  Gateway restarted(options_);
  EXPECT_EQ(restarted.sink.Seen(2), (Names{"a", "definitions a"}));
  EXPECT_FALSE(restarted.feed->connected());
  EXPECT_EQ(restarted.feed->revision(), 7);
  EXPECT_GE(restarted.feed->stale_s(), 0);
  registry_.Start();
  ASSERT_TRUE(registry_.Wait([&] { return registry_.follows.size() == 2; }));
  EXPECT_EQ(registry_.follows[1].from_revision(), 7);
  EXPECT_EQ(registry_.joins, 1);
}

TEST_F(ResourceFeedTest, ASnapshotThatWasTamperedWithIsLeftAside) {
  registry_.Send(Catalog(7, "a"));
  {
    Gateway gateway(options_);
    gateway.sink.Seen(1);
  }
  (void)base::auth::WriteSecretFile(options_.data / "gateway" / "snapshot.sealed", "nonsense");
  registry_.Send(Catalog(8, "b"));
  Gateway restarted(options_);
  EXPECT_EQ(restarted.sink.Seen(1), Names{"b"});
}

TEST_F(ResourceFeedTest, JoinsAgainWhenTheRegistryDoesNotKnowItAnyMore) {
  registry_.Send(Catalog(7, "a"));
  Gateway gateway(options_);
  gateway.sink.Seen(1);
  registry_.Stop();
  registry_.credential = "credential-2";
  registry_.Start();
  EXPECT_TRUE(
      registry_.Wait([&] { return registry_.joins == 2 && registry_.follows.size() == 2; }));
}

TEST_F(ResourceFeedTest, WaitsForTheJoinTokenToAppear) {
  fs::remove(options_.data / "gateway.token");
  Gateway gateway(options_);
  while (gateway.feed->problem().find("gateway.token") == std::string::npos) {
    std::this_thread::yield();
  }
  (void)base::auth::WriteSecretFile(options_.data / "gateway.token", "join-me");
  EXPECT_TRUE(registry_.Wait([&] { return registry_.follows.size() == 1; }));
}

TEST_F(ResourceFeedTest, SendsReportsAlsoThoseFromWhileTheRegistryWasAway) {
  registry_.Send(Catalog(7, "a"));
  Gateway gateway(options_);
  gateway.sink.Seen(1);
  registry_.Stop();
  v1::ServerStatus status;
  status.set_server("a");
  gateway.reports.Status(std::move(status));
  registry_.Start();
  ASSERT_TRUE(registry_.Wait([&] { return !registry_.reports.empty(); }));
  EXPECT_EQ(registry_.reports[0].statuses(0).server(), "a");
}

TEST_F(ResourceFeedTest, TheLastReportLeavesBeforeItStops) {
  registry_.Send(Catalog(7, "a"));
  {
    Gateway gateway(options_);
    gateway.sink.Seen(1);
    gateway.reports.InForce(7);
  }
  ASSERT_TRUE(registry_.Wait([&] { return !registry_.reports.empty(); }));
  EXPECT_EQ(registry_.reports.back().revision(), 7);
}

}  // namespace
}  // namespace gateway
