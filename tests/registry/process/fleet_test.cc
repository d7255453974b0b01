// The registry as a gateway sees it.
#include <gtest/gtest.h>

#include <thread>

#include "base/auth/call_token.h"
#include "base/auth/sealed_box.h"
#include "portolan/v1/audit_service.grpc.pb.h"
#include "portolan/v1/usage_service.grpc.pb.h"
#include "tests/registry/process/registry_process.h"

namespace registry {
namespace {

class FleetTest : public ::testing::Test {
 protected:
  FleetTest()
      : registry_(folder_.path()),
        catalog_(v1::CatalogService::NewStub(registry_.Channel())),
        fleet_(v1::FleetService::NewStub(registry_.Channel())) {}

  std::string Open(const v1::Sealed& sealed) {
    const auto opened = base::auth::OpenBox(
        box_, {sealed.ephemeral_public_key(), sealed.nonce(), sealed.ciphertext()});
    EXPECT_TRUE(opened.has_value());
    return opened.has_value() ? *opened : "";
  }
  std::string Join() {
    v1::JoinRequest request;
    request.set_join_token(registry_.join_token());
    request.set_name("local");
    request.set_public_key(box_.public_key);
    v1::JoinResponse response;
    EXPECT_TRUE(fleet_->Join(With("").get(), request, &response).ok());
    return Open(response.credential());
  }
  void Put(const v1::PutRequest& request) {
    v1::PutResponse response;
    EXPECT_TRUE(catalog_->Put(With(registry_.admin_token()).get(), request, &response).ok());
  }
  // The next event that is no heartbeat.
  static v1::FollowResponse Next(grpc::ClientReader<v1::FollowResponse>& stream) {
    v1::FollowResponse event;
    while (stream.Read(&event) && event.has_heartbeat()) {
    }
    return event;
  }

  support::TemporaryFolder folder_;
  RegistryProcess registry_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
  std::unique_ptr<v1::FleetService::Stub> fleet_;
  const base::auth::BoxKeyPair box_ = base::auth::GenerateBoxKeyPair();
};

TEST_F(FleetTest, AStrangerCannotJoin) {
  v1::JoinRequest request;
  request.set_join_token("guess");
  request.set_name("local");
  request.set_public_key(box_.public_key);
  v1::JoinResponse response;
  EXPECT_EQ(fleet_->Join(With("").get(), request, &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(FleetTest, WhoJoinsAndWhatIsRefusedStandInTheAudit) {
  const std::string credential = Join();
  v1::ReportRequest report;
  v1::RefusalBatch& batch = *report.add_refusals();
  batch.set_principal("consumer/alice");
  batch.set_server("local/x");
  batch.set_rule("base#burst");
  batch.set_count(3);
  v1::ReportResponse taken;
  ASSERT_TRUE(fleet_->Report(With(credential).get(), report, &taken).ok());
  auto audit = v1::AuditService::NewStub(registry_.Channel());
  v1::ListAuditResponse listed;
  ASSERT_TRUE(audit->ListAudit(With(registry_.admin_token()).get(), {}, &listed).ok());
  ASSERT_EQ(listed.records_size(), 2);
  EXPECT_EQ(listed.records(0).action(), v1::AuditAction::REFUSED);
  EXPECT_EQ(listed.records(0).face(), "gateway/local");
  EXPECT_EQ(listed.records(0).count(), 3);
  EXPECT_EQ(listed.records(1).kind(), "Gateway");
  EXPECT_EQ(listed.records(1).name(), "local");
  EXPECT_EQ(listed.records(1).address(), "127.0.0.1");
  v1::VerifyAuditResponse verified;
  EXPECT_TRUE(audit->VerifyAudit(With(registry_.admin_token()).get(), {}, &verified).ok());
}

TEST_F(FleetTest, AGatewayOfAnotherTimeIsToldWhichOfBothToUpgrade) {
  v1::JoinRequest request;
  request.set_join_token(registry_.join_token());
  request.set_name("local");
  request.set_public_key(box_.public_key);
  request.set_version("99.0.0");
  v1::JoinResponse response;
  const grpc::Status joined = fleet_->Join(With("").get(), request, &response);
  EXPECT_EQ(joined.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_NE(joined.error_message().find("upgrade the registry"), std::string::npos);
  auto context = With(Join());
  v1::FollowRequest follow;
  follow.set_version("99.0.0");
  auto stream = fleet_->Follow(context.get(), follow);
  v1::FollowResponse event;
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(FleetTest, TheAdminTokenIsNoGateway) {
  auto context = With(registry_.admin_token());
  auto stream = fleet_->Follow(context.get(), {});
  v1::FollowResponse event;
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(FleetTest, GatewaysAreMadeToForgetAndWhoOrdersItWaitsUntilTheyHave) {
  Put(HttpServer("local/a"));
  const std::string credential = Join();
  auto context = With(credential);
  auto stream = fleet_->Follow(context.get(), {});
  Next(*stream);  // keys
  Next(*stream);  // changes
  std::thread gateway([&] {
    const v1::FollowResponse event = Next(*stream);
    EXPECT_EQ(event.purge().server(), "local/a");
    EXPECT_EQ(event.purge().item(), "find");
    v1::ReportRequest report;
    report.add_purges_done(event.purge().purge_id());
    v1::ReportResponse taken;
    EXPECT_TRUE(fleet_->Report(With(credential).get(), report, &taken).ok());
  });
  v1::PurgeCacheRequest request;
  request.set_server("local/a");
  request.set_item("find");
  v1::PurgeCacheResponse purged;
  ASSERT_TRUE(fleet_->PurgeCache(With(registry_.admin_token()).get(), request, &purged).ok());
  gateway.join();
  EXPECT_EQ(purged.done_size(), 1);
  EXPECT_EQ(purged.not_heard_of_size(), 0);

  // One that does not say so is named.
  request.clear_item();
  purged.Clear();
  ASSERT_TRUE(fleet_->PurgeCache(With(registry_.admin_token()).get(), request, &purged).ok());
  ASSERT_EQ(purged.not_heard_of_size(), 1);
  EXPECT_EQ(purged.not_heard_of(0), "local");

  request.set_server("local/none");
  EXPECT_EQ(fleet_->PurgeCache(With(registry_.admin_token()).get(), request, &purged).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(FleetTest, WhatWasSaidInCallsIsKeptAndShownToWhoOperatesTheServer) {
  const std::string credential = Join();
  v1::ReportRequest report;
  v1::CallRecord& call = *report.add_calls();
  call.set_server("local/a");
  call.set_request_id("r-1");
  call.set_arguments(std::string(65'536, 'x'));
  call.set_result("{}");
  call.add_detections()->set_detector("secrets");
  v1::ReportResponse taken;
  ASSERT_TRUE(fleet_->Report(With(credential).get(), report, &taken).ok());
  auto usage = v1::UsageService::NewStub(registry_.Channel());
  v1::ListCallsResponse listed;
  ASSERT_TRUE(usage->ListCalls(With(registry_.admin_token()).get(), {}, &listed).ok());
  ASSERT_EQ(listed.calls_size(), 1);
  EXPECT_EQ(listed.calls(0).arguments().size(), 65'536u);
  EXPECT_EQ(listed.calls(0).detections(0).detector(), "secrets");
}

TEST_F(FleetTest, FollowBringsKeysThenTheCatalogThenEachChangeAndAHeartbeat) {
  Put(HttpServer("local/a"));
  auto access = v1::AccessService::NewStub(registry_.Channel());
  v1::CreateKeyRequest create;
  create.set_consumer("alice");
  v1::CreateKeyResponse key;
  ASSERT_TRUE(access->CreateKey(With(registry_.admin_token()).get(), create, &key).ok());

  auto context = With(Join());
  auto stream = fleet_->Follow(context.get(), {});
  const v1::FollowResponse keys = Next(*stream);
  v1::KeyRing ring;
  ASSERT_TRUE(ring.ParseFromString(Open(keys.keys().session_ring())));
  ASSERT_EQ(ring.keys_size(), 1);
  EXPECT_EQ(ring.keys(0).size(), 32U);

  const v1::FollowResponse all = Next(*stream);
  EXPECT_TRUE(all.changes().complete());
  EXPECT_FALSE(all.changes().more());
  EXPECT_EQ(all.changes().revision(), 3);
  ASSERT_EQ(all.changes().changes_size(), 3);
  EXPECT_EQ(all.changes().changes(2).resource().api_key().sha256().size(), 32U);

  Put(HttpServer("local/b"));
  const v1::FollowResponse change = Next(*stream);
  EXPECT_FALSE(change.changes().complete());
  EXPECT_EQ(change.changes().changes(0).resource().name(), "local/b");

  v1::FollowResponse event;
  while (stream->Read(&event) && !event.has_heartbeat()) {
  }
  EXPECT_EQ(event.heartbeat().revision(), 4);

  v1::IssueCallTokenResponse token;
  ASSERT_TRUE(access->IssueCallToken(With(registry_.admin_token()).get(), {}, &token).ok());
  const std::string public_key = keys.keys().call_token_public_keys(0);
  const auto principal = base::auth::VerifyCallToken(std::span(&public_key, 1), token.token(),
                                                     token.expires_at_ms() - 1000);
  ASSERT_TRUE(principal.has_value()) << principal.error().message;
  EXPECT_EQ(principal->id, "admin");
  context->TryCancel();
}

TEST_F(FleetTest, FollowGoesOnFromARevision) {
  Put(HttpServer("local/a"));
  Put(HttpServer("local/b"));
  v1::FollowRequest request;
  request.set_from_revision(1);
  auto context = With(Join());
  auto stream = fleet_->Follow(context.get(), request);
  Next(*stream);
  const v1::FollowResponse changes = Next(*stream);
  EXPECT_FALSE(changes.changes().complete());
  ASSERT_EQ(changes.changes().changes_size(), 1);
  EXPECT_EQ(changes.changes().changes(0).resource().name(), "local/b");
  context->TryCancel();
}

TEST_F(FleetTest, AReportReachesCatalogLogAndGatewayList) {
  Put(HttpServer("local/a"));
  const std::string credential = Join();
  v1::ReportRequest report;
  report.set_revision(1);
  auto& definitions = *report.add_definitions();
  definitions.set_server("local/a");
  definitions.add_definitions()->set_kind(v1::DefinitionKind::TOOL);
  definitions.mutable_definitions(0)->set_name("add");
  definitions.mutable_definitions(0)->set_json(R"({"name":"add","description":"sums numbers"})");
  auto& status = *report.add_statuses();
  status.set_server("local/a");
  status.set_health(v1::Health::HEALTHY);
  auto& call = *report.add_calls();
  call.set_server("local/a");
  call.set_request_id("r1");
  call.set_outcome(v1::CallOutcome::REFUSED);
  v1::ReportResponse reported;
  ASSERT_TRUE(fleet_->Report(With(credential).get(), report, &reported).ok());

  v1::GetDefinitionsRequest ask;
  ask.set_server("a");
  v1::GetDefinitionsResponse offered;
  ASSERT_TRUE(catalog_->GetDefinitions(With("").get(), ask, &offered).ok());
  EXPECT_EQ(offered.definitions(0).name(), "add");
  v1::SearchRequest search;
  search.set_query("sums");
  v1::SearchResponse found;
  ASSERT_TRUE(catalog_->Search(With("").get(), search, &found).ok());
  EXPECT_EQ(found.hits(0).id(), "a.add");
  v1::ListStatusResponse statuses;
  ASSERT_TRUE(catalog_->ListStatus(With("").get(), {}, &statuses).ok());
  EXPECT_EQ(statuses.statuses(0).health(), v1::Health::HEALTHY);
  v1::ListCallsRequest denied;
  denied.mutable_filter()->set_denied(true);
  v1::ListCallsResponse calls;
  auto usage = v1::UsageService::NewStub(registry_.Channel());
  ASSERT_TRUE(usage->ListCalls(With(registry_.admin_token()).get(), denied, &calls).ok());
  EXPECT_EQ(calls.calls(0).request_id(), "r1");
  v1::ListGatewaysResponse gateways;
  ASSERT_TRUE(fleet_->ListGateways(With("").get(), {}, &gateways).ok());
  EXPECT_EQ(gateways.gateways(0).revision(), 1);
}

TEST_F(FleetTest, AProbeGoesToTheGatewayAndItsStagesComeBack) {
  Put(HttpServer("local/a"));
  const std::string credential = Join();
  auto follow_context = With(credential);
  auto follow = fleet_->Follow(follow_context.get(), {});
  Next(*follow);
  Next(*follow);

  v1::ProbeRequest probe;
  probe.set_server("a");
  auto probe_context = With(registry_.admin_token());
  auto stages = catalog_->Probe(probe_context.get(), probe);
  const v1::FollowResponse order = Next(*follow);
  ASSERT_TRUE(order.has_probe());
  EXPECT_EQ(order.probe().server(), "local/a");

  v1::ReportRequest report;
  auto& stage = *report.add_probes();
  stage.set_probe_id(order.probe().probe_id());
  stage.mutable_event()->mutable_stage()->set_name("dns");
  auto& end = *report.add_probes();
  end.set_probe_id(order.probe().probe_id());
  end.mutable_event()->mutable_status()->set_server("local/a");
  v1::ReportResponse reported;
  ASSERT_TRUE(fleet_->Report(With(credential).get(), report, &reported).ok());

  v1::ProbeResponse event;
  ASSERT_TRUE(stages->Read(&event));
  EXPECT_EQ(event.stage().name(), "dns");
  ASSERT_TRUE(stages->Read(&event));
  EXPECT_EQ(event.status().server(), "local/a");
  EXPECT_FALSE(stages->Read(&event));
  EXPECT_TRUE(stages->Finish().ok());
  follow_context->TryCancel();
}

TEST_F(FleetTest, AProbeEndsWhenItsGatewayGoesAway) {
  Put(HttpServer("local/a"));
  auto follow_context = With(Join());
  auto follow = fleet_->Follow(follow_context.get(), {});
  Next(*follow);
  Next(*follow);
  v1::ProbeRequest probe;
  probe.set_server("a");
  auto probe_context = With(registry_.admin_token());
  auto stages = catalog_->Probe(probe_context.get(), probe);
  ASSERT_TRUE(Next(*follow).has_probe());
  follow_context->TryCancel();
  v1::ProbeResponse event;
  EXPECT_FALSE(stages->Read(&event));
  EXPECT_EQ(stages->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(FleetTest, ASecondGatewayOfTheSameNameTakesOver) {
  const std::string credential = Join();
  auto first_context = With(credential);
  auto first = fleet_->Follow(first_context.get(), {});
  Next(*first);
  auto second_context = With(credential);
  auto second = fleet_->Follow(second_context.get(), {});
  Next(*second);
  v1::FollowResponse event;
  while (first->Read(&event)) {
  }
  EXPECT_EQ(first->Finish().error_code(), grpc::StatusCode::ABORTED);
  second_context->TryCancel();
}

}  // namespace
}  // namespace registry
