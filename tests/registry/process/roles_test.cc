// Who may do what, through the real faces: each role and each method, by gRPC, JSON, registry API and
// MCP (role_table.h).
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/manifest.h"
#include "portolan/v1/access_service.pb.h"
#include "portolan/v1/audit_service.grpc.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/maintenance_service.pb.h"
#include "portolan/v1/sync_service.pb.h"
#include "portolan/v1/usage_service.pb.h"
#include "tests/registry/process/registry_process.h"
#include "tests/registry/process/role_table.h"

namespace registry {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class RolesTest : public ::testing::Test {
 protected:
  RolesTest() : registry_(folder_.path()) {}

  std::string Token(const std::string& name, const std::string& role,
                    const std::string& name_space = "") {
    json request = {{"name", name}, {"role", role}};
    if (!name_space.empty()) request["namespaces"] = {name_space};
    const auto created = registry_.AdminPost("AccessService/CreateToken", request.dump());
    EXPECT_EQ(created.status, 200) << created.body;
    return json::parse(created.body)["token"];
  }
  support::RawResponse As(const std::string& token, const std::string& method,
                          const std::string& body) const {
    return registry_.Post(method, body,
                          token.empty() ? "" : "Authorization: Bearer " + token + "\r\n");
  }
  static std::string PutServer(const std::string& name, const std::string& more = "") {
    return R"({"resource":{"kind":"Server","name":")" + name +
           R"(","spec":{"endpoint":{"streamable_http":{"url":"http://127.0.0.1:9/mcp"}})" + more +
           "}}}";
  }

  support::TemporaryFolder folder_;
  RegistryProcess registry_;
};

// Every method of the contract. Join has a proof of its own, tested with the fleet.
std::set<std::string> AllMethodNames() {
  std::set<std::string> methods;
  for (const auto* message : {v1::GetRequest::descriptor(), v1::CreateKeyRequest::descriptor(),
                              v1::JoinRequest::descriptor(), v1::ListCallsRequest::descriptor(),
                              v1::ListAuditRequest::descriptor(), v1::ListSyncRequest::descriptor(),
                              v1::BackupRequest::descriptor()}) {
    const auto& service = *message->file()->service(0);
    for (int i = 0; i < service.method_count(); ++i)
      methods.insert(service.name() + "/" + service.method(i)->name());
  }
  methods.erase("FleetService/Join");
  // Methods of the contract that nothing serves yet: who asks for one is told that there is none.
  for (const char* unserved : {"AccessService/ListConnections", "AccessService/Disconnect",
                               "AccessService/IssueDebugToken", "FleetService/GetConnection",
                               "FleetService/PutConnection", "UsageService/GetTrace"})
    EXPECT_EQ(methods.erase(unserved), 1u) << unserved;
  return methods;
}

// Whether the door let it through; what the method then says of an empty request is its own matter.
bool LetThrough(const support::RawResponse& response) {
  return response.status != 401 && response.status != 403;
}
bool LetThrough(const grpc::Status& status) {
  return status.error_code() != grpc::StatusCode::UNAUTHENTICATED &&
         status.error_code() != grpc::StatusCode::PERMISSION_DENIED;
}

// One of each role, in the order of the table.
class RoleTableTest : public RolesTest {
 protected:
  RoleTableTest()
      : tokens_{"",
                Token("v", "VIEWER"),
                Token("p", "PUBLISHER"),
                Token("a", "APPROVER"),
                Token("o", "OPERATOR"),
                registry_.admin_token()} {
    const std::string hidden = R"(,"base_path":"r","visibility":{"audiences":["consumer:nobody"]})";
    EXPECT_EQ(registry_.AdminPost("CatalogService/Put", PutServer("a/r", hidden)).status, 200);
  }

  // The outcome of the first answer, through a stub that knows no message.
  grpc::Status OverGrpc(const RoleRow& row, const std::string& token, bool allowed) {
    const std::string method = row.method;
    const auto* described = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
        "portolan.v1." + method.substr(0, method.find('/')) + "." +
        method.substr(method.find('/') + 1));
    const std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(described->input_type())
            ->New());
    const auto read = base::ReadJson(json::parse(row.body), *request);
    EXPECT_TRUE(read.has_value()) << read.error().message;
    grpc::Slice slice(request->SerializeAsString());
    const auto context = With(token);
    if (row.silent && allowed) {
      context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
    }
    grpc::CompletionQueue queue;
    const auto call = stub_.PrepareCall(context.get(), "/portolan.v1." + method, &queue);
    const auto done = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    done();
    call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    done();
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    const bool answered = done();
    if (answered) context->TryCancel();
    grpc::Status status;
    call->Finish(&status, nullptr);
    done();
    queue.Shutdown();
    while (done()) {
    }
    return answered ? grpc::Status::OK : status;
  }

  const std::string tokens_[6];
  grpc::GenericStub stub_{registry_.Channel()};
};

TEST_F(RoleTableTest, EveryMethodHasARow) {
  std::set<std::string> missing = AllMethodNames();
  for (const RoleRow& row : UnaryRoleRows()) missing.erase(row.method);
  for (const RoleRow& row : StreamRoleRows()) missing.erase(row.method);
  EXPECT_THAT(missing, testing::IsEmpty());
}

TEST_F(RoleTableTest, EveryMethodAsksForItsRoleAsJson) {
  for (const RoleRow& row : UnaryRoleRows()) {
    for (std::size_t who = 0; who < std::size(tokens_); ++who) {
      const auto response = As(tokens_[who], row.method, row.body);
      EXPECT_EQ(LetThrough(response), row.allowed[who] == '+')
          << row.method << " " << row.body << " by number " << who << ": " << response.body;
    }
  }
}

TEST_F(RoleTableTest, EveryMethodAsksForItsRoleOverGrpc) {
  std::vector<RoleRow> rows = UnaryRoleRows();
  for (const RoleRow& row : StreamRoleRows()) rows.push_back(row);
  for (const RoleRow& row : rows) {
    for (std::size_t who = 0; who < std::size(tokens_); ++who) {
      const bool allowed = row.allowed[who] == '+';
      const grpc::Status status = OverGrpc(row, tokens_[who], allowed);
      EXPECT_EQ(LetThrough(status), allowed) << row.method << " " << row.body << " by number "
                                             << who << ": " << status.error_message();
    }
  }
}

TEST_F(RoleTableTest, TheRegistryApiAsksForTheSameRoles) {
  for (const PathRow& row : RegistryApiRoleRows()) {
    for (std::size_t who = 0; who < std::size(tokens_); ++who) {
      // Who asks for a registry token shows what they have in the body.
      const bool exchanges = std::string_view(row.path).find("/auth/") != std::string_view::npos;
      const std::string body = exchanges ? json{{"token", tokens_[who]}}.dump() : row.body;
      const std::string proof =
          tokens_[who].empty() || exchanges ? "" : "Authorization: Bearer " + tokens_[who] + "\r\n";
      const auto response = support::Exchange(
          registry_.http(), std::string(row.method) + " " + row.path +
                                " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                "application/json\r\n" +
                                proof + "Content-Length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body);
      EXPECT_EQ(LetThrough(response), row.allowed[who] == '+')
          << row.method << " " << row.path << " by number " << who << ": " << response.status << " "
          << response.body;
    }
  }
}

TEST_F(RoleTableTest, TheToolsOfDiscoveryKnowTheSameRoles) {
  for (const RoleRow& row : DiscoveryRoleRows()) {
    for (std::size_t who = 0; who < std::size(tokens_); ++who) {
      const std::string proof =
          tokens_[who].empty() ? "" : "Authorization: Bearer " + tokens_[who] + "\r\n";
      const auto response = support::Exchange(
          registry_.http(),
          support::PostBytes("/mcp", support::ModernCall("1", row.method, row.body),
                             support::ModernHead("tools/call", row.method) + proof));
      ASSERT_EQ(response.status, 200) << response.body;
      const json result = json::parse(response.body)["result"];
      EXPECT_EQ(!result.value("isError", false), row.allowed[who] == '+')
          << row.method << " " << row.body << " by number " << who << ": " << response.body;
    }
  }
}

TEST_F(RolesTest, APublishersServerIsADraftThatOnlyItsNamespaceSees) {
  const std::string publisher = Token("pub", "PUBLISHER", "io.github.acme");
  const auto put = As(publisher, "CatalogService/Put", PutServer("io.github.acme/weather"));
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(json::parse(put.body)["resource"]["server"]["approval"], "DRAFT");
  const std::string get = R"({"kind":"Server","name":"io.github.acme/weather"})";
  EXPECT_EQ(As("", "CatalogService/Get", get).status, 404);
  EXPECT_EQ(As(publisher, "CatalogService/Get", get).status, 200);
  EXPECT_EQ(As(Token("w", "VIEWER", "other"), "CatalogService/Get", get).status, 404);

  const auto elsewhere = As(publisher, "CatalogService/Put", PutServer("local/weather2"));
  EXPECT_EQ(elsewhere.status, 403);
  EXPECT_THAT(elsewhere.body, HasSubstr("needs role publisher in namespace local"));
}

TEST_F(RolesTest, NobodyGivesThemselvesMore) {
  const std::string publisher = Token("pub", "PUBLISHER");
  const auto approved =
      As(publisher, "CatalogService/Put", PutServer("local/x", R"(,"approval":"APPROVED")"));
  EXPECT_EQ(approved.status, 403) << approved.body;
  const auto program = As(
      publisher, "CatalogService/Put",
      R"({"resource":{"kind":"Server","name":"local/y","spec":{"endpoint":{"stdio":{"command":"sh"}}}}})");
  EXPECT_EQ(program.status, 403) << program.body;
}

TEST_F(RolesTest, WhatWasApprovedIsNotRedirectedByItsPublisher) {
  ASSERT_EQ(registry_.AdminPost("CatalogService/Put", PutServer("local/x")).status, 200);
  const std::string moved =
      R"({"resources":[{"kind":"Server","name":"local/x","spec":{"endpoint":{"streamable_http":{"url":"http://127.0.0.1:10/mcp"}}}}]})";
  const std::string publisher = Token("pub", "PUBLISHER");
  const auto refused = As(publisher, "CatalogService/Apply", moved);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("/spec/endpoint: the server is approved"));
  const std::string described =
      R"({"resources":[{"kind":"Server","name":"local/x","spec":{"description":"new","endpoint":{"streamable_http":{"url":"http://127.0.0.1:9/mcp"}}}}]})";
  EXPECT_EQ(As(publisher, "CatalogService/Apply", described).status, 200);
}

TEST_F(RolesTest, ARevokedTokenAndATakenBindingEndWithTheNextRequest) {
  const std::string token = Token("ops", "OPERATOR");
  ASSERT_EQ(As(token, "UsageService/ListCalls", "{}").status, 200);
  ASSERT_EQ(
      registry_.AdminPost("CatalogService/Delete", R"({"kind":"RoleBinding","name":"token-ops"})")
          .status,
      200);
  EXPECT_EQ(As(token, "UsageService/ListCalls", "{}").status, 403);
  ASSERT_EQ(registry_.AdminPost("AccessService/RevokeToken", R"({"name":"ops"})").status, 200);
  const auto revoked = As(token, "AccessService/WhoAmI", "{}");
  EXPECT_EQ(revoked.status, 401);
  EXPECT_THAT(revoked.body, HasSubstr("has been revoked"));
}

TEST_F(RolesTest, OfTwoTokensOfOneNameAtOnceOneIsMade) {
  constexpr int kAtOnce = 8;
  std::vector<int> statuses(kAtOnce);
  std::vector<std::thread> threads;
  for (int i = 0; i < kAtOnce; ++i) {
    threads.emplace_back([&, i] {
      statuses[static_cast<std::size_t>(i)] =
          registry_.AdminPost("AccessService/CreateToken", R"({"name":"ci","role":"PUBLISHER"})")
              .status;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 200), 1);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 409), kAtOnce - 1);
}

TEST_F(RolesTest, WithATokenGoesWhatItWasBoundTo) {
  Token("ci", "PUBLISHER");
  const auto bound = registry_.AdminPost(
      "CatalogService/Put",
      R"({"resource":{"kind":"RoleBinding","name":"team","spec":{"role":"APPROVER","subjects":["token:ci","token:b"]}}})");
  ASSERT_EQ(bound.status, 200) << bound.body;
  ASSERT_EQ(registry_.AdminPost("CatalogService/Delete", R"({"kind":"Token","name":"ci"})").status,
            200);
  const auto left = registry_.AdminPost("CatalogService/List", R"({"kind":"RoleBinding"})");
  EXPECT_EQ(left.body.find("token:ci"), std::string::npos) << left.body;
  EXPECT_THAT(left.body, HasSubstr("token:b"));
  // Whoever gets the name later begins anew.
  const std::string again = Token("ci", "VIEWER");
  EXPECT_EQ(As(again, "CatalogService/Put", PutServer("local/x")).status, 403);
}

TEST_F(RolesTest, AStreamEndsWithItsCallersToken) {
  const std::string token = Token("watcher", "VIEWER");
  auto context = With(token);
  auto catalog = v1::CatalogService::NewStub(registry_.Channel());
  auto stream = catalog->Watch(context.get(), {});
  v1::WatchResponse event;
  ASSERT_TRUE(stream->Read(&event));
  ASSERT_EQ(registry_.AdminPost("AccessService/RevokeToken", R"({"name":"watcher"})").status, 200);
  while (stream->Read(&event)) {
  }
  const grpc::Status end = stream->Finish();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(end.error_message(), HasSubstr("revoked"));
}

TEST_F(RolesTest, AStreamEndsWhenItsCallersRoleIsAnother) {
  const std::string token = Token("watcher", "OPERATOR");
  auto context = With(token);
  auto usage = v1::UsageService::NewStub(registry_.Channel());
  auto stream = usage->WatchCalls(context.get(), {});
  ASSERT_EQ(
      registry_
          .AdminPost("CatalogService/Delete", R"({"kind":"RoleBinding","name":"token-watcher"})")
          .status,
      200);
  v1::WatchCallsResponse event;
  while (stream->Read(&event)) {
  }
  // Of a stream that was not open yet: PERMISSION_DENIED at the door.
  EXPECT_THAT(stream->Finish().error_code(), testing::AnyOf(grpc::StatusCode::UNAUTHENTICATED,
                                                            grpc::StatusCode::PERMISSION_DENIED));
}

TEST_F(RolesTest, TheSecretOfATokenIsNowhere) {
  const std::string token = Token("ci", "ADMIN");
  const auto listed = registry_.AdminPost("CatalogService/List", R"({"kind":"Token"})");
  EXPECT_EQ(listed.body.find("sha256"), std::string::npos) << listed.body;
  std::ifstream file(folder_.path() + "/portolan.db", std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(bytes.find(token), std::string::npos);
}

TEST_F(RolesTest, TheAuditSaysByWhichDoorAndFromWhere) {
  ASSERT_EQ(registry_.AdminPost("CatalogService/Put", PutServer("local/x")).status, 200);
  auto stub = v1::AuditService::NewStub(registry_.Channel());
  v1::ListAuditResponse listed;
  ASSERT_TRUE(stub->ListAudit(With(registry_.admin_token()).get(), {}, &listed).ok());
  ASSERT_EQ(listed.records_size(), 1);
  EXPECT_EQ(listed.records(0).principal(), "token/admin");
  EXPECT_EQ(listed.records(0).face(), "api");
  EXPECT_EQ(listed.records(0).address(), "127.0.0.1");
  v1::VerifyAuditResponse verified;
  EXPECT_TRUE(stub->VerifyAudit(With(registry_.admin_token()).get(), {}, &verified).ok());
  EXPECT_EQ(verified.last_sequence(), 1);
}

}  // namespace
}  // namespace registry
