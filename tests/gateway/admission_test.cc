// Who is admitted on the head of a request alone, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/auth/call_token.h"
#include "gateway/worker.h"
#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using testing::HasSubstr;
using testing::Not;

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() {
    gateway_.PutServer("pay");
    gateway_.Publish();
  }
  HttpAnswer Call(const std::string& more = "") { return gateway_.CallTool("/pay/mcp", "a", more); }
  // In force at once.
  void PutPolicy(const std::string& set) {
    gateway_.Put("PolicySet", "name: 'base' policy_set { " + set + " }");
    gateway_.Publish();
  }

  GatewayFixture gateway_;
};

TEST_F(AdmissionTest, AHostThatIsNotOursIsRefusedWithoutAChallenge) {
  const HttpAnswer answer = Call("Host: evil.example.com\r\n");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("-31403"));
  EXPECT_EQ(answer.Field("WWW-Authenticate"), "");
  EXPECT_EQ(Call("Host: localhost:1\r\n").status, 200);
}

TEST_F(AdmissionTest, AnOriginThatIsNotOursIsRefused) {
  EXPECT_EQ(Call("Origin: http://evil.example.com\r\n").status, 403);
  EXPECT_EQ(Call("Origin: null\r\n").status, 403);
  EXPECT_EQ(Call("Origin: http://localhost:3000\r\n").status, 200);
}

TEST_F(AdmissionTest, ThePortalMayCallAcrossOrigins) {
  const HttpAnswer preflight = gateway_.Send(
      "OPTIONS /pay/mcp HTTP/1.1\r\nHost: " + gateway_.host() +
      "\r\nOrigin: http://127.0.0.1:8901\r\nAccess-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.Field("Access-Control-Allow-Origin"), "http://127.0.0.1:8901");
  EXPECT_EQ(Call("Origin: http://127.0.0.1:8901\r\n").Field("Access-Control-Allow-Origin"),
            "http://127.0.0.1:8901");
  EXPECT_EQ(Call("Origin: http://localhost:3000\r\n").Field("Access-Control-Allow-Origin"), "");
}

TEST_F(AdmissionTest, WhoeverWasForwardedIsNotLocal) {
  EXPECT_EQ(Call("X-Forwarded-For: 127.0.0.1\r\n").status, 401);
  EXPECT_EQ(Call("Via: 1.1 proxy\r\n").status, 401);
  EXPECT_EQ(Call("Forwarded: for=127.0.0.1\r\n").status, 401);
}

TEST_F(AdmissionTest, AKeyProvesItsConsumer) {
  const std::string key = gateway_.PutKey("alice");
  gateway_.Publish();
  EXPECT_EQ(Call("X-Api-Key: " + key + "\r\nVia: 1.1 proxy\r\n").status, 200);
  EXPECT_EQ(Call("Authorization: Bearer " + key + "\r\n").status, 200);
  EXPECT_EQ(gateway_.LastRecord().principal, "consumer/alice");
}

TEST_F(AdmissionTest, AWrongKeyIsRefusedAlsoWhereNoneIsNeeded) {
  gateway_.PutKey("alice");
  const std::string revoked = gateway_.PutKey("bob", "revoked: true");
  const std::string expired = gateway_.PutKey("carol", "expires_at_ms: 1");
  gateway_.Publish();
  const HttpAnswer answer = Call("X-Api-Key: ptk_abcdefghijkl_nonsense\r\n");
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr(R"("reason":"KeyInvalid")"));
  EXPECT_THAT(Call("X-Api-Key: " + revoked + "\r\n").body, HasSubstr(R"("reason":"KeyRevoked")"));
  EXPECT_THAT(Call("X-Api-Key: " + expired + "\r\n").body, HasSubstr(R"("reason":"KeyExpired")"));
  EXPECT_THAT(Call("X-Api-Key: " + revoked.substr(0, revoked.size() - 1) + "\r\n").body,
              HasSubstr(R"("reason":"KeyInvalid")"));
  EXPECT_THAT(Call("Authorization: Basic YTpi\r\n").body,
              HasSubstr(R"("reason":"TokenMalformed")"));
}

TEST_F(AdmissionTest, AnAuthenticateRuleDemandsAKeyInItsHeader) {
  const std::string key = gateway_.PutKey("alice");
  PutPolicy(
      "attach { global: true } rules { id: 'who' authenticate { any_of { api_key { header: "
      "'X-Our-Key' query: 'k' } } } }");
  const HttpAnswer answer = Call();
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr(R"("reason":"KeyMissing")"));
  EXPECT_THAT(answer.body, Not(HasSubstr("request_id")));
  EXPECT_EQ(gateway_.LastRecord().rule, "global/base#who");
  EXPECT_EQ(Call("X-Our-Key: " + key + "\r\n").status, 200);
  EXPECT_EQ(gateway_.CallTool("/pay/mcp?k=" + key, "a").status, 200);
}

TEST_F(AdmissionTest, ACallTokenOfTheRegistryIsAProofAndIsRememberedUntilItExpires) {
  const auto keys = base::auth::GenerateSigningKeyPair();
  gateway_.SetKeys({{}, {keys.public_key}});
  base::auth::Principal principal;
  principal.id = "admin";
  principal.kind = base::auth::PrincipalKind::kUser;
  const std::string token =
      base::auth::SignCallToken(keys, principal, base::SystemClock().UnixMillis() + 60'000);
  EXPECT_EQ(Call("Authorization: Bearer " + token + "\r\n").status, 200);
  EXPECT_EQ(Call("Authorization: Bearer " + token + "\r\n").status, 200);
  EXPECT_EQ(gateway_.LastRecord().principal, "admin");
  const auto strangers = base::auth::GenerateSigningKeyPair();
  const std::string forged =
      base::auth::SignCallToken(strangers, principal, base::SystemClock().UnixMillis() + 60'000);
  EXPECT_EQ(Call("Authorization: Bearer " + forged + "\r\n").status, 401);
}

TEST_F(AdmissionTest, AServerIsNotThereForWhomItsAudiencesLeaveOut) {
  const std::string alice = gateway_.PutKey("alice");
  const std::string bob = gateway_.PutKey("bob");
  gateway_.PutServer("pay", "approval: APPROVED visibility { audiences: 'consumer:alice' }");
  gateway_.Publish();
  EXPECT_EQ(Call("X-Api-Key: " + alice + "\r\n").status, 200);
  EXPECT_EQ(Call("X-Api-Key: " + bob + "\r\n").status, 404);
  EXPECT_EQ(gateway_.LastRecord().rule, "visibility");
  EXPECT_EQ(gateway_.LastRecord().server, "local/pay");
  EXPECT_EQ(Call().status, 404);
}

TEST_F(AdmissionTest, AHiddenServerAndAnUnknownPathAreTheSameToTheByte) {
  const std::string bob = gateway_.PutKey("bob");
  gateway_.PutServer("pay",
                     "approval: APPROVED lifecycle: RETIRED sunset: '2020-01-01' "
                     "visibility { audiences: 'group:entra/web' }");
  gateway_.Publish();
  const std::string who = "X-Request-Id: r1\r\nX-Api-Key: " + bob + "\r\n";
  const HttpAnswer hidden = gateway_.CallTool("/pay/mcp", "a", who);
  const HttpAnswer unknown = gateway_.CallTool("/nay/mcp", "a", who);
  EXPECT_EQ(hidden.status, unknown.status);
  EXPECT_EQ(hidden.fields, unknown.fields);
  EXPECT_EQ(hidden.body, unknown.body);
}

TEST_F(AdmissionTest, ACallTokenBringsTheGroupsAndRolesByWhichAServerIsSeen) {
  const auto keys = base::auth::GenerateSigningKeyPair();
  gateway_.SetKeys({{}, {keys.public_key}});
  gateway_.PutServer("pay", "approval: APPROVED visibility { audiences: 'group:entra/web' }");
  gateway_.Publish();
  base::auth::Principal principal;
  principal.id = "token/ci";
  principal.kind = base::auth::PrincipalKind::kUser;
  const auto status = [&] {
    const std::string token =
        base::auth::SignCallToken(keys, principal, base::SystemClock().UnixMillis() + 60'000);
    return Call("Authorization: Bearer " + token + "\r\n").status;
  };
  EXPECT_EQ(status(), 404);
  principal.groups = {"entra/web"};
  EXPECT_EQ(status(), 200);
  principal.groups.clear();
  principal.roles = {{"viewer", {"other"}}};
  EXPECT_EQ(status(), 404);
  principal.roles = {{"viewer", {"local"}}};
  EXPECT_EQ(status(), 200);
}

TEST_F(AdmissionTest, AStrangersBodyIsNeverRead) {
  PutPolicy("attach { global: true } rules { id: 'who' authenticate { any_of { api_key { } } } }");
  const HttpAnswer answer = gateway_.Send("POST /pay/mcp HTTP/1.1\r\nHost: " + gateway_.host() +
                                          "\r\nContent-Length: 1000000000\r\n\r\nxx");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.Field("Connection"), "close");
}

TEST_F(AdmissionTest, AnIpRuleRefusesOtherAddresses) {
  PutPolicy(
      "attach { server: 'local/pay' } explain: true rules { id: 'net' ip { allow: '10.0.0.0/8' } "
      "}");
  const HttpAnswer answer = Call();
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr(R"("reason":"AddressDenied")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("rule":"net","scope":"server/base")"));
}

TEST_F(AdmissionTest, AnObservingIpRuleIsWrittenDownAndLetsPass) {
  PutPolicy("attach { global: true } mode: OBSERVE rules { id: 'net' ip { deny: '127.0.0.0/8' } }");
  EXPECT_EQ(Call().status, 200);
  const mcp::Record record = gateway_.LastRecord();
  EXPECT_TRUE(record.observed_only);
  EXPECT_EQ(record.rule, "global/base#net");
  EXPECT_EQ(record.outcome, mcp::Outcome::kOk);
}

TEST(AdmissionBehindAProxyTest, AForwardedAddressIsBelievedOnlyFromATrustedProxy) {
  GatewayFixture::Options options;
  options.trusted_proxies = {"127.0.0.1"};
  GatewayFixture gateway(options);
  gateway.PutServer("pay");
  const std::string key = gateway.PutKey("alice");
  gateway.Publish();
  gateway.CallTool("/pay/mcp", "a",
                   "X-Api-Key: " + key + "\r\nX-Forwarded-For: 9.9.9.9, 10.1.2.3\r\n");
  EXPECT_EQ(gateway.LastRecord().peer_address, "10.1.2.3");
}

}  // namespace
}  // namespace gateway
