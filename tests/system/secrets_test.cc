// What servers are shown reaches them and nobody else: it appears in no log, error, answer, database
// page, backup or snapshot in clear. A whole Portolan, servers that tell what they were shown, and a
// grep over everything that is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "tests/support/fake_token_server.h"
#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::FakeTokenServer;
using support::Finished;
using support::Installation;
using ::testing::HasSubstr;
using ::testing::Not;

// A modern server that keeps what it was shown.
class ShownServer {
 public:
  ShownServer() : server_([this](base::http::Exchange& exchange) { return Serve(exchange); }) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/mcp"; }
  // The last one's Authorization.
  std::string shown() const {
    const std::lock_guard lock(mutex_);
    return shown_;
  }

 private:
  base::Task<void> Serve(base::http::Exchange& exchange) {
    const std::string shown(exchange.head().fields.Find("authorization").value_or(""));
    const base::Result<std::string_view> read = co_await exchange.ReadBody(1 << 20);
    const json message = json::parse(read ? *read : std::string_view("{}"), nullptr, false);
    {
      const std::lock_guard lock(mutex_);
      shown_ = shown;
    }
    json answer = {{"jsonrpc", "2.0"}, {"id", message.value("id", json())}};
    const std::string method = message.value("method", "");
    if (method == "server/discover") {
      answer["result"] = {{"resultType", "complete"},
                          {"supportedVersions", {"2026-07-28"}},
                          {"capabilities", {{"tools", json::object()}}}};
    } else if (method == "tools/list") {
      answer["result"] = {{"resultType", "complete"},
                          {"tools", {{{"name", "a"}, {"inputSchema", {{"type", "object"}}}}}}};
    } else {
      answer["result"] = {{"resultType", "complete"}, {"content", json::array()}};
    }
    const std::string body = answer.dump();
    const base::http::Field fields[] = {{"Content-Type", "application/json"}};
    base::Result<void> ignored = co_await exchange.Respond(200, fields, std::string_view(body));
  }

  mutable std::mutex mutex_;
  std::string shown_;  // under mutex_
  test_support::TestServer server_;
};

const std::string kHeader = "marker-of-the-header-8c1f";
const std::string kPassword = "marker-of-the-password-77ab";
const std::string kClient = "marker-of-the-client-39d0";
const std::string kToken = "marker-of-the-token-5e22";

class SecretsTest : public ::testing::Test {
 protected:
  SecretsTest() {
    tokens_.NameTokens(kToken);
    portolan_.Apply(Credentials());
    portolan_.Apply(Server("by-header", header_, "head") + Server("by-basic", basic_, "basic") +
                    Server("by-token", token_, "oauth"));
  }

  std::string Credentials() const {
    return "kind: Credential\nname: head\nspec:\n  header: {prefix: 'Bearer ', secret: {value: '" +
           kHeader +
           "'}}\n---\nkind: Credential\nname: basic\nspec:\n  basic: {username: ann, password: "
           "{value: '" +
           kPassword +
           "'}}\n---\nkind: Credential\nname: oauth\nspec:\n  oauth_client_credentials:\n    "
           "client: "
           "{token_url: '" +
           tokens_.token_url() + "', client_id: gw, client_secret: {value: '" + kClient + "'}}\n";
  }
  static std::string Server(const std::string& name, const ShownServer& at,
                            const std::string& credential) {
    return "---\nkind: Server\nname: local/" + name +
           "\nspec:\n  endpoint: {streamable_http: {url: '" + at.url() +
           "'}}\n  credential: " + credential + "\n";
  }
  std::string CallOf(const std::string& base_path) { return portolan_.Call(base_path, "a").body; }
  bool Answers(const std::string& base_path) {
    return support::Becomes(std::chrono::seconds(20), [&] {
      return CallOf(base_path).find("\"content\"") != std::string::npos;
    });
  }
  std::string AdminToken() const {
    std::ifstream in(portolan_.data() + "/admin.token");
    std::string token;
    std::getline(in, token);
    return token;
  }
  std::string Api(const std::string& method, const std::string& body) {
    return support::Exchange(
               portolan_.http(),
               support::PostBytes("/api/portolan.v1." + method, body,
                                  "Authorization: Bearer " + AdminToken() + "\r\n", "localhost"))
        .body;
  }
  std::string Page(const std::string& at, const std::string& path) {
    return support::Exchange(at, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").body;
  }

  // None of the secrets of this test, nor what is made of them.
  static void ExpectClean(const std::string& where, const std::string& text) {
    for (const std::string& secret : {kHeader, kPassword, kClient, kToken,
                                      std::string("YW5uOm1hcmtlci1vZi10aGUtcGFzc3dvcmQtNzdhYg")}) {
      EXPECT_EQ(text.find(secret), std::string::npos) << secret << " in " << where;
    }
  }
  void ExpectCleanFiles(const std::string& folder) {
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      ExpectClean(entry.path(), std::string((std::istreambuf_iterator<char>(in)), {}));
      ++files;
    }
    EXPECT_GT(files, 5);
  }

  FakeTokenServer tokens_;
  ShownServer header_, basic_, token_;
  Installation portolan_;
};

TEST_F(SecretsTest, SecretsAppearNowhereInClear) {
  // They reach whom they are for ...
  ASSERT_TRUE(Answers("by-header"));
  EXPECT_EQ(header_.shown(), "Bearer " + kHeader);
  ASSERT_TRUE(Answers("by-basic"));
  EXPECT_EQ(basic_.shown(), "Basic YW5uOm1hcmtlci1vZi10aGUtcGFzc3dvcmQtNzdhYg==");
  ASSERT_TRUE(Answers("by-token"));
  EXPECT_EQ(token_.shown(), "Bearer " + kToken + "1");

  // ... and nobody else: not whoever asks for them,
  const std::string exported = portolan_.CliOk({"export"});
  EXPECT_THAT(exported, HasSubstr("***"));
  ExpectClean("export", exported);
  ExpectClean("audit ls", portolan_.CliOk({"audit", "ls", "-o", "json"}));
  ExpectClean("log", portolan_.CliOk({"log", "-o", "json"}));
  const std::string got = Api("CatalogService/Get", R"({"kind":"Credential","name":"head"})");
  EXPECT_THAT(got, HasSubstr("***"));
  ExpectClean("Get", got);
  ExpectClean("List", Api("CatalogService/List", R"({"kind":"Credential"})"));
  ExpectClean("ListAudit", Api("AuditService/ListAudit", "{}"));
  ExpectClean("ListCalls", Api("UsageService/ListCalls", "{}"));
  const std::string config = Page(portolan_.admin(), "/config");
  EXPECT_THAT(config, HasSubstr("\"oauth\""));
  ExpectClean("/config", config);
  ExpectClean("/metrics", Page(portolan_.admin(), "/metrics"));
  ExpectClean("/healthz", Page(portolan_.admin(), "/healthz"));

  // nor whoever makes a mistake,
  for (const std::string& wrong :
       {"header: {name: 'Host', secret: {value: '" + kHeader + "'}}",
        "header: {secret: '" + kHeader + "'}", "header: {secret: {valeu: '" + kHeader + "'}}",
        "header: {secret: {value: \"" + kHeader + "\\r\\nX: y\"}}",
        "basic: {username: 'a:b', password: {value: '" + kPassword + "'}}"}) {
    const Finished refused = portolan_.Cli(
        {"apply", "-f", "-"}, "kind: Credential\nname: head\nspec:\n  " + wrong + "\n");
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.err, HasSubstr("/spec/"));
    ExpectClean("a refusal", refused.out + refused.err);
  }
  const Finished planned = portolan_.Cli(
      {"apply", "--dry-run", "-f", "-"},
      "kind: Credential\nname: basic\nspec:\n  header: {secret: {value: '" + kClient + "'}}\n");
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  ExpectClean("a plan", planned.out + planned.err);

  // nor whoever calls while a token cannot be had,
  tokens_.Answer(401, R"({"error":"invalid_client","error_description":")" + kClient + R"("})");
  portolan_.Apply(
      "kind: Credential\nname: oauth\nspec:\n  oauth_client_credentials:\n    client: {token_url: "
      "'" +
      tokens_.token_url() + "', client_id: other, client_secret: {value: '" + kClient + "'}}\n");
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(10), [&] {
    return CallOf("by-token").find("CredentialUnavailable") != std::string::npos;
  }));
  ExpectClean("a call", CallOf("by-token"));
  ExpectClean("log", portolan_.CliOk({"log", "-o", "json"}));

  // nor whoever reads files: database, logs, snapshot, all that was written.
  ExpectCleanFiles(portolan_.data());
}

TEST_F(SecretsTest, ApplyingAnExportChangesNothing) {
  const std::string exported = portolan_.CliOk({"export", "credential", "server"});
  const Finished applied = portolan_.Cli({"apply", "-f", "-"}, exported);
  EXPECT_EQ(applied.exit_code, 0) << applied.err;
  EXPECT_THAT(applied.out, Not(HasSubstr("changed")));
  EXPECT_THAT(applied.out, Not(HasSubstr("created")));
  ASSERT_TRUE(Answers("by-header"));
  EXPECT_EQ(header_.shown(), "Bearer " + kHeader);
}

TEST_F(SecretsTest, WhatServersOfferIsListedWithTheirOwnCredential) {
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(20), [&] {
    return portolan_.CliOk({"tools", "by-header", "-o", "json"}).find("\"a\"") != std::string::npos;
  }));
  EXPECT_EQ(header_.shown(), "Bearer " + kHeader);
}

TEST_F(SecretsTest, AGatewayThatRestartsWithoutTheRegistryStillShowsThem) {
  ASSERT_TRUE(Answers("by-header"));
  const pid_t gateway = portolan_.Pid("gateway");
  ASSERT_GT(gateway, 0);
  ::kill(gateway, SIGKILL);
  ASSERT_TRUE(Answers("by-header"));
  EXPECT_EQ(header_.shown(), "Bearer " + kHeader);
}

TEST_F(SecretsTest, ANewMasterKeyLosesNothing) {
  const std::string key = portolan_.data() + "/master.key";
  std::ifstream before(key);
  const std::string old((std::istreambuf_iterator<char>(before)), {});
  EXPECT_THAT(Api("MaintenanceService/RotateMasterKey", "{}"), HasSubstr("resealed"));
  std::ifstream after(key);
  EXPECT_NE(std::string((std::istreambuf_iterator<char>(after)), {}), old);
  const pid_t registry = portolan_.Pid("registry");
  ::kill(registry, SIGKILL);
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(20), [&] {
    return portolan_.Pid("registry") > 0 && portolan_.Pid("registry") != registry &&
           portolan_.Cli({"export", "credential"}).exit_code == 0;
  }));
  // The gateway hears of them anew, out of what is sealed with the new key.
  portolan_.Apply(Server("later", header_, "head").substr(4));
  ASSERT_TRUE(Answers("later"));
  EXPECT_EQ(header_.shown(), "Bearer " + kHeader);
}

}  // namespace
