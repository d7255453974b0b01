// Who is admitted on the head of a request alone, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/auth/api_key.h"
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

// Call tokens of the registry: who shows them, and what the catalog says of them now.
class CallTokenAdmissionTest : public AdmissionTest {
 protected:
  CallTokenAdmissionTest() {
    gateway_.SetKeys({{}, {keys_.public_key}});
    who_.kind = base::auth::PrincipalKind::kUser;
  }
  std::string Token() const {
    return base::auth::SignCallToken(keys_, who_, base::SystemClock().UnixMillis() + 60'000);
  }
  HttpAnswer CallBy(const std::string& token) {
    return Call("Authorization: Bearer " + token + "\r\n");
  }
  void PutToken(const std::string& name, const std::string& spec) {
    gateway_.Put("Token", "name: '" + name + "' token { " + spec + " }");
    gateway_.Publish();
  }
  void PutProvider() {
    gateway_.Put(
        "IdentityProvider",
        "name: 'entra' identity_provider { issuer: 'https://login.example' audiences: 'x' }");
    gateway_.Publish();
  }
  void Hide(const std::string& audience) {
    gateway_.PutServer("pay", "approval: APPROVED visibility { audiences: '" + audience + "' }");
    gateway_.Publish();
  }
  void Bind(const std::string& binding) {
    gateway_.Put("RoleBinding", "name: 'b' role_binding { " + binding + " }");
    gateway_.Publish();
  }

  const base::auth::SigningKeyPair keys_ = base::auth::GenerateSigningKeyPair();
  base::auth::Principal who_;
};

TEST_F(CallTokenAdmissionTest, ItBringsTheGroupsByWhichAServerIsSeen) {
  Hide("group:entra/web");
  PutProvider();
  who_.id = "entra/ann";
  EXPECT_EQ(CallBy(Token()).status, 404);
  who_.groups = {"entra/web"};
  EXPECT_EQ(CallBy(Token()).status, 200);
}

TEST_F(CallTokenAdmissionTest, RolesAreThoseOfNowNotThoseOfWhenItWasSigned) {
  Hide("group:entra/web");
  PutToken("ci", "created_at_ms: 5");
  who_.id = "token/ci";
  who_.credential = "5";
  who_.roles = {{"admin"}};
  const std::string token = Token();
  EXPECT_EQ(CallBy(token).status, 404);
  Bind("role: VIEWER subjects: 'token:ci' namespaces: 'other'");
  EXPECT_EQ(CallBy(token).status, 404);
  Bind("role: VIEWER subjects: 'token:ci' namespaces: 'local'");
  EXPECT_EQ(CallBy(token).status, 200);
  gateway_.Delete("RoleBinding", "b");
  gateway_.Publish();
  EXPECT_EQ(CallBy(token).status, 404);
}

TEST_F(CallTokenAdmissionTest, ItEndsWithTheIdentityProviderThatVouchedForItsPerson) {
  PutProvider();
  who_.id = "entra/ann";
  const std::string token = Token();
  EXPECT_EQ(CallBy(token).status, 200);
  gateway_.Delete("IdentityProvider", "entra");
  gateway_.Publish();
  EXPECT_THAT(CallBy(token).body, HasSubstr(R"("reason":"TokenIssuerNotAllowed")"));
}

TEST_F(CallTokenAdmissionTest, WhoAdministersSeesEverything) {
  Hide("group:entra/web");
  who_.id = "admin";
  EXPECT_EQ(CallBy(Token()).status, 200);
}

TEST_F(CallTokenAdmissionTest, ItEndsWithTheTokenThatItWasGivenFor) {
  who_.id = "token/ci";
  who_.credential = "5";
  const std::string token = Token();
  EXPECT_THAT(CallBy(token).body, HasSubstr(R"("reason":"TokenRevoked")"));
  PutToken("ci", "created_at_ms: 5");
  EXPECT_EQ(CallBy(token).status, 200);
  PutToken("ci", "created_at_ms: 5 revoked: true");
  EXPECT_THAT(CallBy(token).body, HasSubstr(R"("reason":"TokenRevoked")"));
  PutToken("ci", "created_at_ms: 5 expires_at_ms: 1");
  EXPECT_THAT(CallBy(token).body, HasSubstr(R"("reason":"TokenExpired")"));
  gateway_.Delete("Token", "ci");
  gateway_.Publish();
  EXPECT_EQ(CallBy(token).status, 401);
  // Another token that was given its name.
  PutToken("ci", "created_at_ms: 6");
  EXPECT_EQ(CallBy(token).status, 401);
}

TEST_F(CallTokenAdmissionTest, OfAConsumerItCountsAsTheKeyThatItWasGivenFor) {
  const std::string key = gateway_.PutKey("alice");
  gateway_.Publish();
  who_.id = "consumer/alice";
  who_.credential = *base::auth::KeyId(key);
  const std::string token = Token();
  EXPECT_EQ(CallBy(token).status, 200);
  EXPECT_EQ(gateway_.LastRecord().principal, "consumer/alice");
  PutPolicy("attach { consumer: 'alice' } rules { id: 'no' authorize { deny_if: 'true' } }");
  EXPECT_THAT(CallBy(token).body, HasSubstr("UnknownItem"));
  gateway_.Delete("PolicySet", "base");
  gateway_.Delete("ApiKey", who_.credential);
  gateway_.Publish();
  EXPECT_THAT(CallBy(token).body, HasSubstr(R"("reason":"KeyInvalid")"));
}

TEST_F(CallTokenAdmissionTest, OfAConsumerThatIsGoneItProvesNobody) {
  const std::string key = gateway_.PutKey("alice");
  gateway_.Publish();
  who_.id = "consumer/alice";
  who_.credential = *base::auth::KeyId(key);
  const std::string token = Token();
  EXPECT_EQ(CallBy(token).status, 200);
  gateway_.Delete("Consumer", "alice");
  gateway_.Publish();
  EXPECT_EQ(CallBy(token).status, 401);
}

TEST_F(AdmissionTest, ARoleOfAConsumerCountsForItsKeys) {
  const std::string alice = gateway_.PutKey("alice");
  gateway_.PutServer("pay", "approval: APPROVED visibility { audiences: 'group:entra/web' }");
  gateway_.Publish();
  EXPECT_EQ(Call("X-Api-Key: " + alice + "\r\n").status, 404);
  gateway_.Put("RoleBinding",
               "name: 'b' role_binding { role: VIEWER subjects: 'principal:consumer/alice' }");
  gateway_.Publish();
  EXPECT_EQ(Call("X-Api-Key: " + alice + "\r\n").status, 200);
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
