// What servers are shown on behalf of callers, over real sockets: a gateway, one server that tells what
// it was shown, and an authorization server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>

#include "base/auth/call_token.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/support/fake_issuer.h"
#include "tests/support/fake_token_server.h"

namespace gateway {
namespace {

using nlohmann::json;
using support::FakeIssuer;
using support::FakeTokenServer;
using support::GatewayFixture;
using support::HttpAnswer;
using testing::HasSubstr;
using testing::Not;

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    gateway_.server = [this](mcp::Call& call, base::Loop&) { return Answer(call); };
  }

  void PutServer(const std::string& more) {
    gateway_.PutServer("pay", "approval: APPROVED " + more);
  }
  void PutCredential(const std::string& name, const std::string& spec) {
    gateway_.Put("Credential", "name: '" + name + "' credential { " + spec + " }");
    gateway_.Publish();
  }
  void PutRule(const std::string& credential, const std::string& select = "") {
    gateway_.Put("PolicySet",
                 "name: 'base' policy_set { attach { global: true } rules { id: 'up' " + select +
                     " upstream { credential: '" + credential + "' } } }");
    gateway_.Publish();
  }
  std::string Client(const std::string& more = "") const {
    return "client { token_url: '" + tokens_.token_url() +
           "' client_id: 'gw' client_secret { value: 'the secret' } } " + more;
  }

  HttpAnswer Call(const std::string& more = "") { return gateway_.CallTool("/pay/mcp", "a", more); }
  // What the server was shown by a call that reached it.
  std::string Shown(const std::string& more = "") {
    const HttpAnswer answer = Call(more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("result")) << answer.body;
    const std::lock_guard lock(mutex_);
    return shown_.empty() ? "never asked" : shown_.back();
  }
  std::string Reason(const std::string& more = "") {
    const json body = json::parse(Call(more).body, nullptr, false);
    return body.is_discarded() || !body.contains("error")
               ? "no error"
               : body["error"]["data"].value("reason", "none");
  }
  int calls() const { return gateway_.server_calls; }

  // Refuses (401) whoever shows one of these.
  std::vector<std::string> ended_;

  FakeTokenServer tokens_;
  GatewayFixture gateway_;
  std::mutex mutex_;
  std::vector<std::string> shown_;  // under mutex_
  std::vector<std::string> keys_;   // under mutex_

 private:
  base::Task<mcp::Response> Answer(mcp::Call& call) {
    std::string shown;
    std::string key;
    if (call.upstream) {
      for (const auto& line : call.upstream->credential) shown += line.name + ": " + line.value;
      key = call.upstream->credential_key;
    }
    const bool ended = std::find(ended_.begin(), ended_.end(), shown) != ended_.end();
    {
      const std::lock_guard lock(mutex_);
      shown_.push_back(shown);
      keys_.push_back(key);
    }
    mcp::UpstreamAttempt attempt;
    attempt.http_status = ended ? 401 : 200;
    call.record.attempts.push_back(attempt);
    std::string body = R"({"jsonrpc":"2.0","id":)" + std::string(call.id());
    body += ended ? R"(,"error":{"code":-32001,"message":"token ended"}})"
                  : R"(,"result":{"resultType":"complete","content":[]}})";
    co_return mcp::Response::Message(std::move(body));
  }
};

// ---- What does not change

TEST_F(CredentialsTest, AHeaderReachesTheServer) {
  PutServer("credential: 'gh'");
  PutCredential("gh", "header { prefix: 'Bearer ' secret { value: 's3cret' } }");
  EXPECT_EQ(Shown(), "Authorization: Bearer s3cret");
  EXPECT_EQ(gateway_.LastRecord().credential, "gh");
}

TEST_F(CredentialsTest, ANamedHeaderReachesTheServer) {
  PutServer("credential: 'gh'");
  PutCredential("gh", "header { name: 'X-Api-Key' secret { value: 's3cret' } }");
  EXPECT_EQ(Shown(), "X-Api-Key: s3cret");
}

TEST_F(CredentialsTest, BasicReachesTheServer) {
  PutServer("credential: 'gh'");
  PutCredential("gh", "basic { username: 'Aladdin' password { value: 'open sesame' } }");
  EXPECT_EQ(Shown(), "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617, 2
}

TEST_F(CredentialsTest, AChangedSecretIsShownAtOnce) {
  PutServer("credential: 'gh'");
  PutCredential("gh", "header { secret { value: 'old' } }");
  EXPECT_EQ(Shown(), "Authorization: old");
  PutCredential("gh", "header { secret { value: 'new' } }");
  EXPECT_EQ(Shown(), "Authorization: new");
}

TEST_F(CredentialsTest, TheCallersProofNeverReachesTheServer) {
  PutServer("credential: 'gh'");
  PutCredential("gh", "header { secret { value: 's3cret' } }");
  const std::string key = gateway_.PutKey("ann");
  gateway_.Publish();
  EXPECT_THAT(Shown("Authorization: Bearer " + key + "\r\n"), Not(HasSubstr(key)));
}

TEST_F(CredentialsTest, AServerElsewhereIsAskedWithoutIt) {
  PutServer("credential: 'gh'");
  PutCredential("gh", "hosts: 'api.example.com' header { secret { value: 's3cret' } }");
  EXPECT_EQ(Shown(), "");
  EXPECT_EQ(gateway_.LastRecord().credential, "");
}

TEST_F(CredentialsTest, ARuleNamesOneForTheServersOfItsHosts) {
  PutServer("");
  PutCredential("gh", "hosts: '127.0.0.1' header { secret { value: 's3cret' } }");
  PutRule("gh");
  EXPECT_EQ(Shown(), "Authorization: s3cret");
}

TEST_F(CredentialsTest, ARuleSendsNoneWithoutHostsAnywhere) {
  PutServer("");
  PutCredential("gh", "header { secret { value: 's3cret' } }");
  PutRule("gh");
  EXPECT_EQ(Shown(), "");
}

TEST_F(CredentialsTest, ARuleWinsOverTheServersOwn) {
  PutServer("credential: 'own'");
  PutCredential("own", "header { secret { value: 'own' } }");
  PutCredential("gh", "hosts: '127.0.0.1' header { secret { value: 'rule' } }");
  PutRule("gh", "select { tools: 'b*' }");
  EXPECT_EQ(Shown(), "Authorization: own");
  PutRule("gh", "select { tools: 'a*' }");
  EXPECT_EQ(Shown(), "Authorization: rule");
  PutRule("-");
  EXPECT_EQ(Shown(), "");
}

TEST_F(CredentialsTest, WithoutItsCredentialAServerIsNotAsked) {
  PutServer("credential: 'gone'");
  gateway_.Publish();
  EXPECT_EQ(Reason(), "CredentialUnavailable");
  EXPECT_EQ(calls(), 0);
}

TEST_F(CredentialsTest, AVariableThatIsMissingIsNamedForTheOperatorAlone) {
  PutServer("credential: 'gh'");
  PutCredential("gh", "header { secret { env: 'PORTOLAN_SECRET_NOT_THERE' } }");
  const HttpAnswer answer = Call();
  EXPECT_THAT(answer.body, HasSubstr("CredentialUnavailable"));
  EXPECT_THAT(answer.body, Not(HasSubstr("PORTOLAN_SECRET")));
  EXPECT_THAT(gateway_.LastRecord().message, HasSubstr("PORTOLAN_SECRET_NOT_THERE"));
}

// ---- Tokens of the gateway's own

TEST_F(CredentialsTest, AClientsTokenIsFetchedAndShown) {
  PutServer("credential: 'oauth'");
  PutCredential("oauth", "oauth_client_credentials { " + Client("scopes: 'a' scopes: 'b'") + " }");
  EXPECT_EQ(Shown(), "Authorization: Bearer t1");
  EXPECT_EQ(Shown(), "Authorization: Bearer t1");
  ASSERT_EQ(tokens_.asked().size(), 1u);
  const FakeTokenServer::Asked asked = tokens_.asked()[0];
  EXPECT_EQ(asked.authorization, "Basic Z3c6dGhlJTIwc2VjcmV0");  // gw:the%20secret
  EXPECT_EQ(asked.body,
            "grant_type=client_credentials&scope=a%20b&resource=http%3A%2F%2F127.0.0.1%3A1%2Fmcp");
}

TEST_F(CredentialsTest, AClientMayProveItselfInTheBody) {
  PutServer("credential: 'oauth'");
  PutCredential("oauth", "oauth_client_credentials { client { issuer: '" + tokens_.issuer() +
                             "' client_id: 'gw' client_secret { value: 's' } auth: POST } "
                             "audience: 'https://api.example' }");
  EXPECT_EQ(Shown(), "Authorization: Bearer t1");
  const FakeTokenServer::Asked asked = tokens_.asked()[0];
  EXPECT_EQ(asked.authorization, "");
  EXPECT_EQ(asked.body,
            "grant_type=client_credentials&audience=https%3A%2F%2Fapi.example&client_id=gw&"
            "client_secret=s");
}

TEST_F(CredentialsTest, AHundredWaitingCallsFetchOneToken) {
  PutServer("credential: 'oauth'");
  PutCredential("oauth", "oauth_client_credentials { " + Client() + " }");
  tokens_.Hold();
  std::vector<std::future<HttpAnswer>> waiting;
  for (int i = 0; i < 100; ++i)
    waiting.push_back(std::async(std::launch::async, [this] { return Call(); }));
  ASSERT_TRUE(tokens_.WaitUntilAsked(1));
  tokens_.Release();
  for (auto& one : waiting) EXPECT_THAT(one.get().body, HasSubstr("result"));
  EXPECT_EQ(tokens_.asked().size(), 1u);
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(shown_, std::vector<std::string>(100, "Authorization: Bearer t1"));
}

TEST_F(CredentialsTest, ATokenThatTheServerTakesNoMoreIsFetchedAnewOnce) {
  PutServer("credential: 'oauth'");
  PutCredential("oauth", "oauth_client_credentials { " + Client() + " }");
  EXPECT_EQ(Shown(), "Authorization: Bearer t1");
  ended_ = {"Authorization: Bearer t1"};
  EXPECT_EQ(Shown(), "Authorization: Bearer t2");
  EXPECT_EQ(tokens_.asked().size(), 2u);
  EXPECT_EQ(calls(), 3);
}

TEST_F(CredentialsTest, AServerThatTakesNoTokenIsNotAskedAThirdTime) {
  PutServer("credential: 'oauth'");
  PutCredential("oauth", "oauth_client_credentials { " + Client() + " }");
  ended_ = {"Authorization: Bearer t1", "Authorization: Bearer t2", "Authorization: Bearer t3"};
  EXPECT_THAT(Call().body, HasSubstr("token ended"));
  EXPECT_EQ(calls(), 2);
}

TEST_F(CredentialsTest, AServerThatRefusesAFixedSecretIsAskedOnce) {
  PutServer("credential: 'gh'");
  PutCredential("gh", "header { secret { value: 's3cret' } }");
  ended_ = {"Authorization: s3cret"};
  EXPECT_THAT(Call().body, HasSubstr("token ended"));
  EXPECT_EQ(calls(), 1);
}

TEST_F(CredentialsTest, ARefusedClientIsToldToTheOperatorAndNotAskedForAtOnceAgain) {
  PutServer("credential: 'oauth'");
  PutCredential("oauth", "oauth_client_credentials { " + Client() + " }");
  tokens_.Answer(401, R"({"error":"invalid_client","error_description":"the secret is wrong"})");
  EXPECT_EQ(Reason(), "CredentialUnavailable");
  EXPECT_THAT(gateway_.LastRecord().message, HasSubstr("invalid_client"));
  EXPECT_THAT(gateway_.LastRecord().message, Not(HasSubstr("the secret")));
  EXPECT_EQ(Reason(), "CredentialUnavailable");
  EXPECT_EQ(tokens_.asked().size(), 1u);
  EXPECT_EQ(calls(), 0);
}

// ---- Tokens of the caller's

class TokenExchangeTest : public CredentialsTest {
 protected:
  TokenExchangeTest() {
    PutServer("credential: 'obo'");
    gateway_.Put("IdentityProvider", "name: 'corp' identity_provider { issuer: '" + issuer_.url() +
                                         "' audiences: 'portolan' }");
    PutCredential("obo", "token_exchange { " + Client() + " }");
  }
  std::string Bearer(const std::string& token) { return "Authorization: Bearer " + token + "\r\n"; }

  FakeIssuer issuer_;
};

TEST_F(TokenExchangeTest, TheCallersTokenIsTradedForAnother) {
  const std::string token = issuer_.Token();
  EXPECT_EQ(Shown(Bearer(token)), "Authorization: Bearer t1");
  const std::string asked = tokens_.asked().at(0).body;
  EXPECT_THAT(asked,
              HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"));
  EXPECT_THAT(asked, HasSubstr("&subject_token=" + token + "&"));
  EXPECT_THAT(asked, HasSubstr("&resource=http%3A%2F%2F127.0.0.1%3A1%2Fmcp"));
}

TEST_F(TokenExchangeTest, TheCallersTokenNeverReachesTheServer) {
  const std::string token = issuer_.Token();
  EXPECT_THAT(Shown(Bearer(token)), Not(HasSubstr(token)));
  EXPECT_EQ(Call(Bearer(token)).status, 200);
  for (const mcp::Record& record : gateway_.records.WaitFor(2))
    EXPECT_THAT(record.message, Not(HasSubstr(token)));
}

TEST_F(TokenExchangeTest, EachCallerHasOneOfTheirOwn) {
  const std::string ann = issuer_.Token();
  const std::string bob = issuer_.Token({{"sub", "bob"}});
  EXPECT_EQ(Shown(Bearer(ann)), "Authorization: Bearer t1");
  EXPECT_EQ(Shown(Bearer(bob)), "Authorization: Bearer t2");
  EXPECT_EQ(Shown(Bearer(ann)), "Authorization: Bearer t1");
  const std::lock_guard lock(mutex_);
  EXPECT_THAT(keys_, testing::ElementsAre("obo/corp/ann", "obo/corp/bob", "obo/corp/ann"));
}

TEST_F(TokenExchangeTest, WhoShowsNoTokenIsRefused) {
  EXPECT_EQ(Reason(), "TokenMissing");
  const std::string key = gateway_.PutKey("ann");
  gateway_.Publish();
  EXPECT_EQ(Reason("X-Api-Key: " + key + "\r\n"), "TokenMissing");
  EXPECT_EQ(tokens_.asked().size(), 0u);
  EXPECT_EQ(calls(), 0);
}

TEST_F(TokenExchangeTest, ATokenForAnotherAudienceIsRefused) {
  EXPECT_EQ(Call(Bearer(issuer_.Token({{"aud", "somebody else"}}))).status, 401);
  EXPECT_EQ(tokens_.asked().size(), 0u);
}

TEST_F(TokenExchangeTest, TheGatewaysOwnTokenGoesAlongAsTheActors) {
  PutCredential("gateway", "oauth_client_credentials { " + Client() + " }");
  PutCredential("obo", "token_exchange { " + Client("actor_credential: 'gateway'") + " }");
  EXPECT_EQ(Shown(Bearer(issuer_.Token())), "Authorization: Bearer t2");
  EXPECT_THAT(tokens_.asked().at(1).body, HasSubstr("&actor_token=t1&"));
}

TEST_F(TokenExchangeTest, WhatIsKeptForOneCallerIsNotGivenToAnother) {
  gateway_.Put("PolicySet",
               "name: 'answers' policy_set { attach { server: 'local/pay' } rules { id: 'c' "
               "select { tools: 'a' } cache { ttl_s: 60 vary: '\\'all\\'' } } }");
  gateway_.Publish();
  Call(Bearer(issuer_.Token()));
  Call(Bearer(issuer_.Token({{"sub", "bob"}})));
  EXPECT_EQ(calls(), 2);
}

}  // namespace
}  // namespace gateway
