// Asking for a server that its audiences leave out, and deciding: who learns what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/catalog/catalog.h"
#include "registry/catalog/visibility.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;
using testing::ElementsAre;

base::auth::Principal With(std::string_view role, std::vector<std::string> namespaces = {}) {
  base::auth::Principal principal;
  principal.id = "token/" + std::string(role);
  principal.kind = base::auth::PrincipalKind::kUser;
  principal.roles = {base::auth::RoleGrant(role, std::move(namespaces))};
  return principal;
}

base::auth::Principal Someone(std::string id) {
  base::auth::Principal principal;
  principal.id = std::move(id);
  principal.kind = base::auth::PrincipalKind::kAgent;
  return principal;
}

class AccessRequestsTest : public ::testing::Test {
 protected:
  AccessRequestsTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")), catalog_(*store_, clock_) {
    Add("io.acme/pay", {"consumer:bob"});
  }

  void Add(const std::string& name, const std::vector<std::string>& audiences) {
    v1::PutRequest request;
    request.mutable_resource()->set_name(name);
    v1::Server& server = *request.mutable_resource()->mutable_server();
    server.set_base_path(name.substr(name.find('/') + 1));
    server.mutable_endpoint()->mutable_streamable_http()->set_url("http://127.0.0.1:9/mcp");
    for (const std::string& audience : audiences)
      server.mutable_visibility()->add_audiences(audience);
    const auto put = catalog_.Put({admin_}, request);
    ASSERT_TRUE(put.has_value()) << put.error().message;
  }
  base::Result<std::string> Ask(const base::auth::Principal& who, const std::string& server,
                                const std::string& reason = "refunds") {
    v1::RequestAccessRequest request;
    request.set_server(server);
    request.set_reason(reason);
    return catalog_.RequestAccess({who}, request);
  }
  base::Result<std::int64_t> Decide(const base::auth::Principal& who, const std::string& name,
                                    v1::AccessDecision::Value decision) {
    v1::DecideAccessRequest request;
    request.set_request(name);
    request.set_decision(decision);
    request.set_reason("because");
    return catalog_.DecideAccess({who}, request);
  }
  v1::AccessRequest Stored(const std::string& name) {
    return catalog_.Get("AccessRequest", name)->access_request();
  }
  std::vector<std::string> Audiences(const std::string& server) {
    const auto stored = catalog_.Get("Server", server);
    const auto& audiences = stored->server().visibility().audiences();
    return {audiences.begin(), audiences.end()};
  }

  const base::auth::Principal admin_ = With("admin");
  const base::auth::Principal approver_ = With("approver", {"io.acme"});
  const base::auth::Principal alice_ = Someone("consumer/alice");
  support::TemporaryFolder folder_;
  base::SystemClock clock_;
  std::unique_ptr<SqliteStore> store_;
  Catalog catalog_;
};

TEST_F(AccessRequestsTest, GrantedTheAskerIsInTheAudienceAtOnce) {
  const std::string request = *Ask(alice_, "io.acme/pay");
  EXPECT_EQ(Stored(request).server(), "io.acme/pay");
  EXPECT_EQ(Stored(request).principal(), "consumer/alice");
  const auto revision = Decide(approver_, request, v1::AccessDecision::GRANTED);
  ASSERT_TRUE(revision.has_value()) << revision.error().message;
  EXPECT_EQ(*revision, catalog_.Get("Server", "io.acme/pay")->revision());
  EXPECT_THAT(Audiences("io.acme/pay"), ElementsAre("consumer:bob", "consumer:alice"));
  EXPECT_EQ(Stored(request).decided_by(), "token/approver");
  EXPECT_EQ(Stored(request).decision_reason(), "because");
  EXPECT_EQ(Ask(alice_, "pay").error().code, Code::kFailedPrecondition);
}

TEST_F(AccessRequestsTest, WhoIsNoConsumerIsNamedByTheirId) {
  const std::string request = *Ask(Someone("entra/carol"), "io.acme/pay");
  ASSERT_TRUE(Decide(admin_, request, v1::AccessDecision::GRANTED).has_value());
  EXPECT_THAT(Audiences("io.acme/pay"), ElementsAre("consumer:bob", "principal:entra/carol"));
}

TEST_F(AccessRequestsTest, DeniedNothingChangesAndOneMayAskAgain) {
  const std::string request = *Ask(alice_, "io.acme/pay");
  EXPECT_EQ(*Decide(approver_, request, v1::AccessDecision::DENIED), 0);
  EXPECT_THAT(Audiences("io.acme/pay"), ElementsAre("consumer:bob"));
  EXPECT_EQ(Decide(approver_, request, v1::AccessDecision::GRANTED).error().code,
            Code::kFailedPrecondition);
  EXPECT_EQ(*Ask(alice_, "io.acme/pay", "please"), request);
  EXPECT_EQ(Stored(request).decision(), v1::AccessDecision::UNSPECIFIED);
  EXPECT_EQ(Stored(request).reason(), "please");
}

TEST_F(AccessRequestsTest, AskingTellsNobodyWhetherThereIsSuchAServer) {
  const auto hidden = Ask(alice_, "io.acme/pay");
  const auto none = Ask(alice_, "io.acme/nay");
  ASSERT_TRUE(hidden.has_value() && none.has_value());
  EXPECT_EQ(hidden->size(), none->size());
  EXPECT_EQ(*Ask(alice_, "io.acme/pay"), *hidden);
  EXPECT_EQ(*Ask(alice_, "io.acme/nay"), *none);
  EXPECT_EQ(Decide(approver_, *none, v1::AccessDecision::GRANTED).error().code,
            Code::kFailedPrecondition);
  EXPECT_TRUE(Decide(approver_, *none, v1::AccessDecision::DENIED).has_value());
}

TEST_F(AccessRequestsTest, AServerIsMeantByItsBasePathAndByItsTools) {
  for (const char* asked : {"pay", "pay.create_refund", "io.acme/pay.create_refund"})
    EXPECT_EQ(Stored(*Ask(alice_, asked)).server(), "io.acme/pay") << asked;
  const std::string one = *Ask(alice_, "pay");
  ASSERT_TRUE(Decide(approver_, one, v1::AccessDecision::GRANTED).has_value());
  // The same wish in other words is fulfilled with it.
  EXPECT_EQ(Stored(*Ask(Someone("consumer/dave"), "pay.x")).decision(),
            v1::AccessDecision::UNSPECIFIED);
  v1::ListRequest all;
  all.set_kind("AccessRequest");
  all.set_owner("consumer/alice");
  const auto listed = catalog_.List(all);
  ASSERT_EQ(listed->resources_size(), 3);
  for (const v1::Resource& resource : listed->resources())
    EXPECT_EQ(resource.access_request().decision(), v1::AccessDecision::GRANTED);
}

TEST_F(AccessRequestsTest, OnlyWhoApprovesThereDecidesAndOthersLearnOfNoRequest) {
  const std::string request = *Ask(alice_, "io.acme/pay");
  EXPECT_EQ(Decide(alice_, request, v1::AccessDecision::GRANTED).error().code,
            Code::kPermissionDenied);
  EXPECT_EQ(Decide(With("publisher"), request, v1::AccessDecision::GRANTED).error().code,
            Code::kPermissionDenied);
  EXPECT_EQ(
      Decide(With("approver", {"local"}), request, v1::AccessDecision::GRANTED).error().message,
      "no AccessRequest '" + request + "'");
}

TEST_F(AccessRequestsTest, APublicServerNeedsNoAudienceOfTheAskersOwn) {
  Add("io.acme/open", {"authenticated"});
  v1::ReviewRequest held;
  held.set_server("io.acme/open");
  held.set_decision(v1::ReviewDecision::REJECT);
  ASSERT_TRUE(catalog_.Review({admin_}, held).has_value());
  const std::string request = *Ask(alice_, "io.acme/open");
  ASSERT_TRUE(Decide(approver_, request, v1::AccessDecision::GRANTED).has_value());
  EXPECT_THAT(Audiences("io.acme/open"), ElementsAre("authenticated"));
}

TEST_F(AccessRequestsTest, WhoHasShownNothingAsksForNothing) {
  EXPECT_EQ(Ask(base::auth::Principal(), "io.acme/pay").error().code, Code::kUnauthenticated);
  EXPECT_EQ(Ask(alice_, "").error().message, "/server: is missing");
  EXPECT_EQ(Ask(alice_, std::string(401, 'x')).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Ask(alice_, "x", std::string(1001, 'x')).error().code, Code::kInvalidArgument);
}

TEST_F(AccessRequestsTest, RequestsThatWaitAreBounded) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Ask(alice_, "s" + std::to_string(i)).has_value());
  EXPECT_EQ(Ask(alice_, "one more").error().code, Code::kResourceExhausted);
  EXPECT_TRUE(Ask(Someone("consumer/dave"), "one more").has_value());
}

TEST_F(AccessRequestsTest, NoRequestIsForgedByPutAndAnExportMayBeAppliedAgain) {
  const std::string request = *Ask(alice_, "io.acme/pay");
  v1::PutRequest put;
  *put.mutable_resource() = *catalog_.Get("AccessRequest", request);
  EXPECT_TRUE(catalog_.Put({admin_}, put).has_value());
  put.mutable_resource()->mutable_access_request()->set_decision(v1::AccessDecision::GRANTED);
  EXPECT_EQ(catalog_.Put({admin_}, put).error().code, Code::kFailedPrecondition);
}

}  // namespace
}  // namespace registry
