// Who may do what, through the real faces: each role, each method, gRPC's table and JSON's being
// one.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "portolan/v1/access_service.pb.h"
#include "portolan/v1/audit_service.grpc.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/usage_service.pb.h"
#include "tests/registry/process/registry_process.h"

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

struct Row {
  const char* method;
  const char* body;
  // `-` denied, `+` let through to the method
  //                  nobody, viewer, publisher, approver, operator, admin
  const char* allowed;
};

// Every method that is one request and one answer. Join has a proof of its own, tested with the
// fleet; requests for access have no method behind them yet: both faces say so.
std::set<std::string> AllUnaryMethods() {
  std::set<std::string> methods;
  for (const auto* message : {v1::GetRequest::descriptor(), v1::CreateKeyRequest::descriptor(),
                              v1::JoinRequest::descriptor(), v1::ListCallsRequest::descriptor(),
                              v1::ListAuditRequest::descriptor()}) {
    const auto& service = *message->file()->service(0);
    for (int i = 0; i < service.method_count(); ++i) {
      const auto& method = *service.method(i);
      if (!method.server_streaming()) methods.insert(service.name() + "/" + method.name());
    }
  }
  for (const char* other : {"FleetService/Join", "AccessService/RequestAccess",
                            "AccessService/DecideAccess", "CatalogService/Explain"}) {
    methods.erase(other);
  }
  return methods;
}

// Whether the door let it through; what the method then says of an empty request is its own matter.
bool LetThrough(const support::RawResponse& response) {
  return response.status != 401 && response.status != 403;
}

TEST_F(RolesTest, EveryMethodAsksForItsRole) {
  constexpr Row kTable[] = {
      {"CatalogService/Get", R"({"kind":"Server","name":"x"})", "++++++"},
      {"CatalogService/List", R"({"kind":"Server"})", "++++++"},
      {"CatalogService/List", R"({"kind":"ApiKey"})", "----++"},
      {"CatalogService/List", R"({"kind":"Token"})", "-----+"},
      {"CatalogService/List", R"({"kind":"RoleBinding"})", "-----+"},
      {"CatalogService/Put", R"({"resource":{"kind":"Server","name":"a/p","spec":{}}})", "--+--+"},
      {"CatalogService/Put", R"({"resource":{"kind":"Consumer","name":"c","spec":{}}})", "----++"},
      {"CatalogService/Put",
       R"({"resource":{"kind":"RoleBinding","name":"r","spec":{"role":"ADMIN","subjects":["principal:x"]}}})",
       "-----+"},
      {"CatalogService/Apply", R"({"resources":[{"kind":"Server","name":"a/q","spec":{}}]})",
       "--+--+"},
      {"CatalogService/Delete", R"({"kind":"Server","name":"local/gone"})", "--++++"},
      {"CatalogService/ListDependencies", R"({"kind":"Server","name":"a/r"})", "++++++"},
      {"CatalogService/ListDependencies", R"({"kind":"ApiKey","name":"k"})", "----++"},
      {"CatalogService/ChangeLifecycle", R"({"server":"a/r","stage":"RETIRED"})", "--++-+"},
      {"CatalogService/ChangeLifecycle", R"({"server":"a/r","stage":"PREVIEW"})", "---+-+"},
      {"CatalogService/Review", R"({"server":"a/r","decision":"SUBMIT"})", "--+--+"},
      {"CatalogService/Review", R"({"server":"a/r","decision":"APPROVE"})", "---+-+"},
      {"CatalogService/Review", R"({"server":"a/r","decision":"REJECT"})", "---+-+"},
      {"CatalogService/GetDefinitions", R"({"server":"x"})", "++++++"},
      {"CatalogService/GetDrift", R"({"server":"x"})", "++++++"},
      {"CatalogService/DecideDrift", R"({"server":"x"})", "--++++"},
      {"CatalogService/Import", R"({"entries":[]})", "--++++"},
      {"CatalogService/ListStatus", "{}", "++++++"},
      {"CatalogService/Search", R"({"query":"x"})", "++++++"},
      {"CatalogService/EffectivePolicy", R"({"server":"x"})", "++++++"},
      {"CatalogService/Describe", "{}", "++++++"},
      {"AccessService/CreateKey", R"({"consumer":"k"})", "----++"},
      {"AccessService/RevokeKey", R"({"id":"none"})", "----++"},
      {"AccessService/CreateToken", "{}", "-----+"},
      {"AccessService/RevokeToken", R"({"name":"none"})", "-----+"},
      {"AccessService/IssueCallToken", "{}", "-+++++"},
      {"AccessService/CreatePortalLink", "{}", "-----+"},
      {"AccessService/WhoAmI", "{}", "++++++"},
      {"FleetService/ListGateways", "{}", "++++++"},
      {"FleetService/Report", "{}", "------"},
      {"UsageService/ListCalls", "{}", "----++"},
      {"AuditService/ListAudit", "{}", "-----+"},
      {"AuditService/VerifyAudit", "{}", "-----+"},
      {"SyncService/ListSync", "{}", "----++"},
      {"CatalogService/List", R"({"kind":"SyncSource"})", "-----+"},
      {"CatalogService/Put",
       R"({"resource":{"kind":"SyncSource","name":"s","spec":{"url":"http://127.0.0.1:9","paused":true}}})",
       "-----+"},
  };
  const std::string tokens[] = {"",
                                Token("v", "VIEWER"),
                                Token("p", "PUBLISHER"),
                                Token("a", "APPROVER"),
                                Token("o", "OPERATOR"),
                                registry_.admin_token()};
  ASSERT_EQ(registry_.AdminPost("CatalogService/Put", PutServer("a/r")).status, 200);
  std::set<std::string> missing = AllUnaryMethods();
  for (const Row& row : kTable) {
    missing.erase(row.method);
    for (std::size_t who = 0; who < std::size(tokens); ++who) {
      const auto response = As(tokens[who], row.method, row.body);
      EXPECT_EQ(LetThrough(response), row.allowed[who] == '+')
          << row.method << " " << row.body << " by number " << who << ": " << response.body;
    }
  }
  EXPECT_THAT(missing, testing::IsEmpty()) << "methods without a row";
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
