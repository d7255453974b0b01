// People whose tokens an identity provider has signed, through the real faces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "tests/registry/process/registry_process.h"
#include "tests/support/certificate.h"
#include "tests/support/fake_issuer.h"
#include "tests/support/raw_http.h"

namespace registry {
namespace {

using nlohmann::json;
using support::FakeIssuer;
using testing::ElementsAre;
using testing::HasSubstr;

class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest() : registry_(folder_.path()) {}

  support::RawResponse PutResource(const char* kind, const std::string& name, const json& spec) {
    const json request = {{"resource", {{"kind", kind}, {"name", name}, {"spec", spec}}}};
    return registry_.AdminPost("CatalogService/Put", request.dump());
  }
  void Believe(const FakeIssuer& issuer) {
    const auto put = PutResource("IdentityProvider", "corp",
                                 {{"issuer", issuer.url()}, {"audiences", {"portolan"}}});
    ASSERT_EQ(put.status, 200) << put.body;
  }
  void BindDevelopers(const char* role) {
    const auto put =
        PutResource("RoleBinding", "developers",
                    {{"role", role}, {"namespaces", {"team"}}, {"subjects", {"group:corp/dev"}}});
    ASSERT_EQ(put.status, 200) << put.body;
  }
  support::RawResponse As(const std::string& token, const std::string& method,
                          const std::string& body) const {
    return registry_.Post(method, body, "Authorization: Bearer " + token + "\r\n");
  }
  support::RawResponse PutAs(const std::string& token, const std::string& server) const {
    const json request = {
        {"resource", {{"kind", "Server"}, {"name", server}, {"spec", {{"description", "x"}}}}}};
    return As(token, "CatalogService/Put", request.dump());
  }
  support::RawResponse ToRegistryApi(const std::string& path, const json& body,
                                     const std::string& token = "") const {
    const std::string head = token.empty() ? "" : "Authorization: Bearer " + token + "\r\n";
    return support::Exchange(
        registry_.http(),
        support::PostBytes(path, body.dump(), head + "Content-Type: application/json\r\n",
                           "localhost"));
  }
  // One of a developer.
  static std::string Developer(const FakeIssuer& issuer) {
    return issuer.Token({{"groups", {"dev"}}});
  }

  support::TemporaryFolder folder_;
  RegistryProcess registry_;
};

TEST_F(IdentityTest, GroupsOfATokenBindRolesUntilTheBindingIsTakenAway) {
  const FakeIssuer issuer;
  Believe(issuer);
  const std::string token = Developer(issuer);
  EXPECT_EQ(PutAs(token, "team/a").status, 403);
  BindDevelopers("PUBLISHER");

  const json me = json::parse(As(token, "AccessService/WhoAmI", "{}").body);
  EXPECT_EQ(me["principal"], "corp/ann");
  EXPECT_THAT(me["groups"], ElementsAre("corp/dev"));
  EXPECT_THAT(me["roles"], ElementsAre("publisher in team"));
  EXPECT_EQ(PutAs(token, "team/a").status, 200);
  EXPECT_EQ(PutAs(token, "other/a").status, 403);

  ASSERT_EQ(
      registry_.AdminPost("CatalogService/Delete", R"({"kind":"RoleBinding","name":"developers"})")
          .status,
      200);
  EXPECT_EQ(PutAs(token, "team/b").status, 403);
}

TEST_F(IdentityTest, TheAuditNamesThePersonWhoChangedSomething) {
  const FakeIssuer issuer;
  Believe(issuer);
  BindDevelopers("PUBLISHER");
  ASSERT_EQ(PutAs(Developer(issuer), "team/a").status, 200);
  EXPECT_THAT(registry_.AdminPost("AuditService/ListAudit", "{}").body, HasSubstr("corp/ann"));
}

TEST_F(IdentityTest, EachWrongTokenIsRefusedWithItsReason) {
  const FakeIssuer issuer;
  Believe(issuer);
  const auto why = [&](const std::string& token) {
    const auto answer = As(token, "AccessService/WhoAmI", "{}");
    EXPECT_EQ(answer.status, 401);
    return answer.body;
  };
  EXPECT_THAT(why(issuer.Token({{"aud", "other"}})), HasSubstr("TokenAudienceNotAllowed"));
  EXPECT_THAT(why(issuer.Token({{"exp", 1}})), HasSubstr("TokenExpired"));
  EXPECT_THAT(why(issuer.signer().Sign(issuer.Claims(), {{"alg", "none"}})),
              HasSubstr("TokenAlgorithmNotAllowed"));
  EXPECT_THAT(why(issuer.Token({{"iss", "https://evil.example"}})),
              HasSubstr("TokenIssuerNotAllowed"));
  EXPECT_THAT(why("a.b.c"), HasSubstr("TokenMalformed"));
}

TEST_F(IdentityTest, TheFirstTokenOfAllMayOpenAStream) {
  const FakeIssuer issuer;
  Believe(issuer);
  const auto catalog = v1::CatalogService::NewStub(registry_.Channel());
  const auto context = With(Developer(issuer));
  const auto stream = catalog->Watch(context.get(), {});
  v1::WatchResponse event;
  const bool read = stream->Read(&event);
  context->TryCancel();
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(read) << status.error_message();
}

TEST_F(IdentityTest, AWrongTokenOpensNoStream) {
  const FakeIssuer issuer;
  Believe(issuer);
  const auto catalog = v1::CatalogService::NewStub(registry_.Channel());
  const auto context = With(issuer.Token({{"aud", "other"}}));
  const auto stream = catalog->Watch(context.get(), {});
  v1::WatchResponse event;
  EXPECT_FALSE(stream->Read(&event));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("TokenAudienceNotAllowed"));
}

TEST_F(IdentityTest, AnOidcTokenBecomesARegistryTokenThatPublishes) {
  const FakeIssuer issuer;
  Believe(issuer);
  BindDevelopers("PUBLISHER");
  const auto exchanged = ToRegistryApi("/v0.1/auth/oidc", {{"oidc_token", Developer(issuer)}});
  ASSERT_EQ(exchanged.status, 200) << exchanged.body;
  const std::string token = json::parse(exchanged.body)["registry_token"];
  const json server = {
      {"$schema", "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"},
      {"name", "team/x"},
      {"description", "x"},
      {"version", "1.0.0"}};
  const auto published = ToRegistryApi("/v0.1/publish", server, token);
  EXPECT_EQ(published.status, 200) << published.body;

  // Nobody vouches for it any more.
  ASSERT_EQ(
      registry_.AdminPost("CatalogService/Delete", R"({"kind":"IdentityProvider","name":"corp"})")
          .status,
      200);
  EXPECT_EQ(ToRegistryApi("/v0.1/publish", server, token).status, 401);
}

TEST_F(IdentityTest, APersonsCallTokenLeadsToTheGateways) {
  const FakeIssuer issuer;
  Believe(issuer);
  BindDevelopers("VIEWER");
  const auto issued = As(Developer(issuer), "AccessService/IssueCallToken", "{}");
  EXPECT_EQ(issued.status, 200) << issued.body;
}

TEST_F(IdentityTest, AnIssuerThatHangsHoldsUpNobodyElse) {
  FakeIssuer issuer;
  issuer.Hang();
  Believe(issuer);
  // More than there are threads for what blocks.
  std::deque<support::RawConnection> waiting;
  for (int i = 0; i < 32; ++i) {
    waiting.emplace_back(registry_.http());
    waiting.back().Send(support::PostBytes(
        "/api/portolan.v1.AccessService/WhoAmI", "{}",
        "Content-Type: application/json\r\nAuthorization: Bearer " + Developer(issuer) + "\r\n",
        "localhost"));
  }
  EXPECT_EQ(registry_.AdminPost("AccessService/WhoAmI", "{}").status, 200);
  const auto given_up = waiting.front().Read();
  EXPECT_EQ(given_up.status, 401);
  EXPECT_THAT(given_up.body, HasSubstr("KeySetUnavailable"));
}

TEST_F(IdentityTest, AProviderIsStoredAsItIsWrittenOrRefusedByField) {
  const auto refusal = [&](const std::string& name, const json& spec) {
    const auto answer = PutResource("IdentityProvider", name, spec);
    EXPECT_EQ(answer.status, 400);
    return answer.body;
  };
  const json good = {{"issuer", "https://id.example"}, {"audiences", {"portolan"}}};
  const auto with = [&](const json& more) {
    json spec = good;
    spec.update(more);
    return spec;
  };
  EXPECT_EQ(PutResource("IdentityProvider", "corp", good).status, 200);
  EXPECT_THAT(refusal("token", good), HasSubstr("/name"));
  EXPECT_THAT(refusal("a", with({{"issuer", "http://id.example"}})), HasSubstr("/spec/issuer"));
  EXPECT_THAT(refusal("a", with({{"jwks_uri", "http://10.0.0.1/"}})), HasSubstr("/spec/jwks_uri"));
  EXPECT_THAT(refusal("a", with({{"audiences", json::array()}})), HasSubstr("/spec/audiences"));
  EXPECT_THAT(refusal("a", with({{"algorithms", {"RS256", "HS256"}}})),
              HasSubstr("/spec/algorithms/1"));
  EXPECT_THAT(refusal("a", with({{"algorithms", {"none"}}})), HasSubstr("/spec/algorithms/0"));
  EXPECT_THAT(refusal("a", with({{"clock_skew_s", 601}})), HasSubstr("/spec/clock_skew_s"));
}

TEST_F(IdentityTest, OnlyAdminsSayWhoIsBelieved) {
  const FakeIssuer issuer;
  Believe(issuer);
  const json put = {{"resource",
                     {{"kind", "IdentityProvider"},
                      {"name", "mine"},
                      {"spec", {{"issuer", issuer.url()}, {"audiences", {"portolan"}}}}}}};
  for (const char* role : {"VIEWER", "PUBLISHER", "APPROVER", "OPERATOR"}) {
    const json request = {{"name", std::string("t") + static_cast<char>(role[0] | 0x20)},
                          {"role", role}};
    const auto created = registry_.AdminPost("AccessService/CreateToken", request.dump());
    ASSERT_EQ(created.status, 200) << created.body;
    const std::string token = json::parse(created.body)["token"];
    EXPECT_EQ(As(token, "CatalogService/Put", put.dump()).status, 403) << role;
    EXPECT_EQ(As(token, "CatalogService/List", R"({"kind":"IdentityProvider"})").status, 403)
        << role;
  }
  EXPECT_EQ(registry_.AdminPost("CatalogService/Put", put.dump()).status, 200);
}

TEST_F(IdentityTest, OnlyAdminsWriteSchemasOfMetadataAndEverybodyReadsThem) {
  const FakeIssuer issuer;
  Believe(issuer);
  BindDevelopers("OPERATOR");
  const std::string token = Developer(issuer);
  const json put = {
      {"resource",
       {{"kind", "MetadataSchema"}, {"name", "costCenter"}, {"spec", {{"schema_json", "true"}}}}}};
  EXPECT_EQ(As(token, "CatalogService/Put", put.dump()).status, 403);
  EXPECT_EQ(registry_.AdminPost("CatalogService/Put", put.dump()).status, 200);
  EXPECT_THAT(As(token, "CatalogService/List", R"({"kind":"MetadataSchema"})").body,
              HasSubstr("costCenter"));
}

TEST(IdentityTlsTest, KeysAreFetchedFromAnIssuerOverTls) {
  const support::Certificate certificate("IP:127.0.0.1");
  certificate.Trust();
  const FakeIssuer issuer(certificate.files());
  const support::TemporaryFolder folder;
  const RegistryProcess registry(folder.path());
  const json provider = {{"issuer", issuer.url()}, {"audiences", {"portolan"}}};
  const json put = {
      {"resource", {{"kind", "IdentityProvider"}, {"name", "corp"}, {"spec", provider}}}};
  ASSERT_EQ(registry.AdminPost("CatalogService/Put", put.dump()).status, 200);
  const auto me = registry.Post("AccessService/WhoAmI", "{}",
                                "Authorization: Bearer " + issuer.Token() + "\r\n");
  EXPECT_EQ(me.status, 200) << me.body;
  EXPECT_THAT(me.body, HasSubstr("corp/ann"));
}

}  // namespace
}  // namespace registry
