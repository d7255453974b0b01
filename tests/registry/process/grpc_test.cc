#include <gtest/gtest.h>

#include "tests/registry/process/registry_process.h"

namespace registry {
namespace {

class GrpcTest : public ::testing::Test {
 protected:
  GrpcTest()
      : registry_(folder_.path()), catalog_(v1::CatalogService::NewStub(registry_.Channel())) {}

  grpc::Status Put(const v1::PutRequest& request, v1::PutResponse* response = nullptr) {
    v1::PutResponse ignored;
    return catalog_->Put(With(registry_.admin_token()).get(), request,
                         response ? response : &ignored);
  }
  grpc::Status Get(const std::string& kind, const std::string& name, v1::GetResponse& response,
                   const std::string& token = "") {
    v1::GetRequest request;
    request.set_kind(kind);
    request.set_name(name);
    return catalog_->Get(With(token).get(), request, &response);
  }

  support::TemporaryFolder folder_;
  RegistryProcess registry_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
};

TEST_F(GrpcTest, WritesWithTheTokenAndReadsWithout) {
  v1::PutResponse put;
  ASSERT_TRUE(Put(HttpServer("local/a"), &put).ok());
  v1::GetResponse got;
  ASSERT_TRUE(Get("Server", "a", got).ok());
  EXPECT_EQ(got.resource().name(), "local/a");
  EXPECT_EQ(got.resource().revision(), put.resource().revision());
}

TEST_F(GrpcTest, AWriteWithoutTheTokenIsUnauthenticated) {
  v1::PutResponse response;
  const auto status = catalog_->Put(With("").get(), HttpServer("local/a"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(GrpcTest, AWrongTokenIsUnauthenticatedEvenForReading) {
  v1::GetResponse response;
  EXPECT_EQ(Get("Server", "a", response, "wrong").error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(GrpcTest, ACallerBehindAProxyIsNotLocal) {
  v1::GetRequest request;
  request.set_kind("Server");
  request.set_name("a");
  v1::GetResponse response;
  auto context = With("");
  context->AddMetadata("x-forwarded-for", "127.0.0.1");
  EXPECT_EQ(catalog_->Get(context.get(), request, &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(GrpcTest, TenMegabytesOfDescriptionReachValidation) {
  v1::PutRequest request = HttpServer("local/a");
  request.mutable_resource()->mutable_server()->set_description(std::string(10 << 20, 'x'));
  const auto status = Put(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(status.error_message().starts_with("/spec/description: ")) << status.error_message();
  v1::GetResponse got;
  EXPECT_EQ(Get("Server", "local/a", got).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(GrpcTest, AKeyIsShownOnceAndItsHashToNobodyHere) {
  auto access = v1::AccessService::NewStub(registry_.Channel());
  v1::CreateKeyRequest create;
  create.set_consumer("alice");
  v1::CreateKeyResponse key;
  ASSERT_TRUE(access->CreateKey(With(registry_.admin_token()).get(), create, &key).ok());
  EXPECT_TRUE(key.key().starts_with("ptk_" + key.id() + "_"));

  v1::GetResponse got;
  EXPECT_EQ(Get("ApiKey", key.id(), got).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  ASSERT_TRUE(Get("ApiKey", key.id(), got, registry_.admin_token()).ok());
  EXPECT_TRUE(got.resource().api_key().sha256().empty());

  v1::WhoAmIResponse who;
  ASSERT_TRUE(access->WhoAmI(With(key.key()).get(), {}, &who).ok());
  EXPECT_EQ(who.principal(), "consumer/alice");

  v1::RevokeKeyRequest revoke;
  revoke.set_id(key.id());
  v1::RevokeKeyResponse revoked;
  ASSERT_TRUE(access->RevokeKey(With(registry_.admin_token()).get(), revoke, &revoked).ok());
  EXPECT_EQ(access->WhoAmI(With(key.key()).get(), {}, &who).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(GrpcTest, AProgramsEnvironmentIsForAdminsOnly) {
  v1::PutRequest request;
  request.mutable_resource()->set_name("local/fs");
  auto& stdio = *request.mutable_resource()->mutable_server()->mutable_endpoint()->mutable_stdio();
  stdio.set_command("true");
  stdio.add_env()->set_name("TOKEN");
  stdio.mutable_env(0)->set_value("secret");
  ASSERT_TRUE(Put(request).ok());
  v1::GetResponse got;
  ASSERT_TRUE(Get("Server", "fs", got).ok());
  EXPECT_EQ(got.resource().server().endpoint().stdio().env(0).value(), "***");
  ASSERT_TRUE(Get("Server", "fs", got, registry_.admin_token()).ok());
  EXPECT_EQ(got.resource().server().endpoint().stdio().env(0).value(), "secret");
}

TEST_F(GrpcTest, WatchReplaysThenFollows) {
  ASSERT_TRUE(Put(HttpServer("local/a")).ok());
  auto context = With("");
  auto stream = catalog_->Watch(context.get(), {});
  v1::WatchResponse event;
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.change().resource().name(), "local/a");
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.revision(), 1);

  ASSERT_TRUE(Put(HttpServer("local/b")).ok());
  while (stream->Read(&event) && !event.has_change()) {
  }
  EXPECT_EQ(event.change().resource().name(), "local/b");
  EXPECT_EQ(event.change().resource().revision(), 2);

  v1::DeleteRequest gone;
  gone.set_kind("Server");
  gone.set_name("local/b");
  v1::DeleteResponse deleted;
  ASSERT_TRUE(catalog_->Delete(With(registry_.admin_token()).get(), gone, &deleted).ok());
  while (stream->Read(&event) && !event.has_change()) {
  }
  EXPECT_TRUE(event.change().deleted());
  context->TryCancel();
  while (stream->Read(&event)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(GrpcTest, WatchFromTheFutureIsOutOfRange) {
  v1::WatchRequest request;
  request.set_from_revision(99);
  auto context = With("");
  auto stream = catalog_->Watch(context.get(), request);
  v1::WatchResponse event;
  while (stream->Read(&event)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(GrpcTest, WatchOfKeysNeedsTheToken) {
  v1::WatchRequest request;
  request.add_kinds("ApiKey");
  auto context = With("");
  auto stream = catalog_->Watch(context.get(), request);
  v1::WatchResponse event;
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(GrpcTest, TheNextSearchSeesWhatWasWritten) {
  v1::PutRequest request = HttpServer("local/weather");
  request.mutable_resource()->mutable_server()->set_description("forecasts of rain");
  ASSERT_TRUE(Put(request).ok());
  v1::SearchRequest search;
  search.set_query("rain");
  search.set_target(v1::SearchTarget::SERVERS);
  v1::SearchResponse found;
  ASSERT_TRUE(catalog_->Search(With("").get(), search, &found).ok());
  ASSERT_EQ(found.hits_size(), 1);
  EXPECT_EQ(found.hits(0).server(), "local/weather");
}

TEST_F(GrpcTest, ProbeWithoutAGatewayIsUnavailable) {
  ASSERT_TRUE(Put(HttpServer("local/a")).ok());
  v1::ProbeRequest request;
  request.set_server("a");
  auto context = With(registry_.admin_token());
  auto stream = catalog_->Probe(context.get(), request);
  v1::ProbeResponse event;
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(GrpcTest, ASecondRegistryOnTheSameDataIsRefused) {
  const auto second =
      support::RunProgram({support::BinaryFolder() + "/portolan-registry", "--data", folder_.path(),
                           "--http-listen", "127.0.0.1:0", "--grpc-listen", "127.0.0.1:0"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_NE(second.err.find("registry.lock"), std::string::npos) << second.err;
}

TEST(RegistryTest, RefusesToListenOffLoopback) {
  support::TemporaryFolder folder;
  const auto finished =
      support::RunProgram({support::BinaryFolder() + "/portolan-registry", "--data", folder.path(),
                           "--http-listen", "0.0.0.0:0", "--grpc-listen", "127.0.0.1:0"});
  EXPECT_NE(finished.exit_code, 0);
  EXPECT_NE(finished.err.find("--insecure-listen"), std::string::npos) << finished.err;
}

TEST_F(GrpcTest, EndsWithinSecondsOfSigtermThoughStreamsAreOpen) {
  auto context = With("");
  auto stream = catalog_->Watch(context.get(), {});
  v1::WatchResponse event;
  ASSERT_TRUE(stream->Read(&event));
  registry_.child().Signal(SIGTERM);
  EXPECT_EQ(registry_.child().Wait(std::chrono::seconds(20)), 0);
}

}  // namespace
}  // namespace registry
