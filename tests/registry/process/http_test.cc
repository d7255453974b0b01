#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/registry/process/registry_process.h"

namespace registry {
namespace {

using nlohmann::json;

constexpr const char* kWeather =
    R"({"resource":{"kind":"Server","name":"local/weather","spec":{"endpoint":{"streamable_http":{"url":"http://127.0.0.1:9/mcp"}}}}})";

class HttpTest : public ::testing::Test {
 protected:
  HttpTest() : registry_(folder_.path()) {}

  static json Body(const support::RawResponse& response) {
    return json::parse(response.body, nullptr, false);
  }

  support::TemporaryFolder folder_;
  RegistryProcess registry_;
};

TEST_F(HttpTest, TheJsonFaceWritesAndReads) {
  const auto put = registry_.AdminPost("CatalogService/Put", kWeather);
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(Body(put)["resource"]["revision"], "1");
  const auto got = registry_.Post("CatalogService/Get", R"({"kind":"Server","name":"weather"})");
  EXPECT_EQ(Body(got)["resource"]["server"]["basePath"], "weather");
}

TEST_F(HttpTest, ASuccessorIsNamedOnlyToThoseWhoSeeIt) {
  const auto put = [&](const std::string& name, const std::string& rest) {
    const auto answer = registry_.AdminPost(
        "CatalogService/Put",
        R"({"resource":{"kind":"Server","name":")" + name +
            R"(","spec":{"endpoint":{"streamable_http":{"url":"http://127.0.0.1:9/mcp"}},)" + rest +
            "}}}");
    ASSERT_EQ(answer.status, 200) << answer.body;
  };
  put("local/next", R"("visibility":{"audiences":["consumer:alice"]})");
  put("local/old", R"("lifecycle":"DEPRECATED","successor":"local/next")");
  const std::string get = R"({"kind":"Server","name":"local/old"})";
  const std::string list = R"({"kind":"Server"})";
  const auto stranger = Body(registry_.Post("CatalogService/Get", get));
  EXPECT_EQ(stranger["resource"]["server"]["lifecycle"], "DEPRECATED") << stranger;
  EXPECT_FALSE(stranger["resource"]["server"].contains("successor"));
  EXPECT_EQ(registry_.Post("CatalogService/List", list).body.find("local/next"), std::string::npos);
  const auto admin = Body(registry_.AdminPost("CatalogService/Get", get));
  EXPECT_EQ(admin["resource"]["server"]["successor"], "local/next");
}

TEST_F(HttpTest, ErrorsAreThoseOfTheConnectProtocol) {
  const auto missing = registry_.Post("CatalogService/Get", R"({"kind":"Server","name":"none"})");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(Body(missing)["code"], "not_found");
  const auto stranger = registry_.Post("CatalogService/Put", kWeather);
  EXPECT_EQ(stranger.status, 401);
  EXPECT_EQ(Body(stranger)["code"], "unauthenticated");
}

TEST_F(HttpTest, AnUnknownFieldIsNamedByPointer) {
  const auto put = registry_.AdminPost(
      "CatalogService/Put",
      R"({"resource":{"kind":"Server","name":"a/b","spec":{"descripton":"x"}}})");
  EXPECT_EQ(put.status, 400);
  EXPECT_EQ(Body(put)["code"], "invalid_argument");
  EXPECT_NE(put.body.find("/resource/spec/descripton: unknown field"), std::string::npos)
      << put.body;
}

TEST_F(HttpTest, DuplicatesAndStaleRevisionsAreConflicts) {
  ASSERT_EQ(registry_.AdminPost("CatalogService/Put", kWeather).status, 200);
  const auto again = registry_.AdminPost("CatalogService/Put", kWeather);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(Body(again)["code"], "already_exists");
  const auto stale = registry_.AdminPost(
      "CatalogService/Put",
      R"({"resource":{"kind":"Server","name":"local/weather","revision":"7","spec":{}}})");
  EXPECT_EQ(Body(stale)["code"], "aborted");
}

TEST_F(HttpTest, OtherVerbsTypesAndMethodsAreRefused) {
  EXPECT_EQ(registry_.Get("/api/portolan.v1.CatalogService/Get").status, 405);
  EXPECT_EQ(registry_.Post("CatalogService/Get", "{}", "Content-Type: text/plain\r\n").status, 415);
  EXPECT_EQ(registry_.Post("CatalogService/None", "{}").status, 404);
  EXPECT_EQ(registry_.Post("CatalogService/Get", "{\"kind\":").status, 400);
}

TEST_F(HttpTest, AStreamComesInEnvelopesAndFollows) {
  ASSERT_EQ(registry_.AdminPost("CatalogService/Put", kWeather).status, 200);
  support::RawConnection connection(registry_.http());
  const std::string message = R"({"fromRevision":"99"})";
  const std::string body = std::string("\0\0\0\0", 4) + static_cast<char>(message.size()) + message;
  connection.Send(
      "POST /api/portolan.v1.CatalogService/Watch HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/connect+json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  const auto response = connection.Read();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("content-type"), "application/connect+json");
  ASSERT_GT(response.body.size(), 5U);
  EXPECT_EQ(response.body[0], 2);
  EXPECT_EQ(json::parse(response.body.substr(5))["error"]["code"], "out_of_range");
}

TEST_F(HttpTest, OtherHostsAndOriginsAreForbidden) {
  EXPECT_EQ(registry_.Get("/api/x", "Host: evil.example\r\n").status, 403);
  EXPECT_EQ(registry_.Get("/metrics", "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(registry_.Get("/metrics", "Origin: null\r\n").status, 403);
  EXPECT_EQ(registry_.Get("/metrics", "Origin: http://localhost:5173\r\n").status, 200);
}

TEST_F(HttpTest, ARequestThroughAProxyIsNotLocal) {
  EXPECT_EQ(registry_.Post("CatalogService/List", R"({"kind":"Server"})").status, 200);
  EXPECT_EQ(registry_.Post("CatalogService/List", R"({"kind":"Server"})", "Via: 1.1 x\r\n").status,
            401);
}

TEST_F(HttpTest, APortalLinkSignsInOnce) {
  const json link = Body(registry_.AdminPost("AccessService/CreatePortalLink", "{}"));
  const std::string url = link["url"];
  const std::string token = url.substr(url.find('#') + 1);
  const std::string body = json{{"token", token}}.dump();
  const auto sign_in = [&] {
    return support::Exchange(registry_.http(),
                             "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  const auto session = sign_in();
  ASSERT_EQ(session.status, 200);
  const std::string cookie = session.Header("set-cookie");
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Strict"), std::string::npos);
  const auto who = registry_.Post("AccessService/WhoAmI", "{}",
                                  "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n");
  EXPECT_EQ(Body(who)["principal"], "token/admin");
  EXPECT_EQ(sign_in().status, 401);
}

TEST_F(HttpTest, AnEndedSessionReadsAsNobodyAndWritesNothing) {
  const std::string cookie = "Cookie: portolan_session=AAAA\r\n";
  EXPECT_EQ(registry_.Post("CatalogService/List", R"({"kind":"Server"})", cookie).status, 200);
  EXPECT_EQ(registry_.Post("CatalogService/Put", kWeather, cookie).status, 401);
}

TEST_F(HttpTest, AStrangersBodyIsNeverRead) {
  support::RawConnection connection(registry_.http());
  connection.Send(
      "POST /api/portolan.v1.CatalogService/Put HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_EQ(connection.Read().status, 401);
}

TEST_F(HttpTest, HealthMetricsAndUnknownPaths) {
  EXPECT_EQ(registry_.Get("/healthz").status, 200);
  EXPECT_EQ(registry_.Get("/readyz").status, 200);
  EXPECT_NE(registry_.Get("/metrics").body.find("registry_revision 0"), std::string::npos);
  EXPECT_EQ(registry_.Get("/v0.1/servers?limit=1").status, 200);
  EXPECT_EQ(registry_.Get("/v0.1/servers").Header("access-control-allow-origin"), "*");
}

class AnonymousReadTest : public ::testing::Test {
 protected:
  // Of this machine, and of one behind a proxy.
  void Expect(const std::string& from, int here, int elsewhere) {
    std::vector<std::string> flags;
    if (!from.empty()) flags = {"--anonymous-read", from};
    RegistryProcess registry(folder_.path(), flags);
    const std::string proxied = "Via: 1.1 proxy\r\n";
    EXPECT_EQ(registry.Get("/v0.1/servers").status, here);
    EXPECT_EQ(registry.Get("/v0.1/servers", proxied).status, elsewhere);
    const std::string list = R"({"kind":"Server"})";
    EXPECT_EQ(registry.Post("CatalogService/List", list).status, here);
    EXPECT_EQ(registry.Post("CatalogService/List", list, proxied).status, elsewhere);
    EXPECT_EQ(registry.Post("CatalogService/Put", kWeather, proxied).status, 401);
    EXPECT_EQ(registry.Post("UsageService/ListCalls", "{}", proxied).status, 401);
  }

  support::TemporaryFolder folder_;
};

TEST_F(AnonymousReadTest, WithoutAProofThisMachineAloneReads) { Expect("", 200, 401); }
TEST_F(AnonymousReadTest, EverybodyReadsWhereThatIsSaid) { Expect("anywhere", 200, 200); }
TEST_F(AnonymousReadTest, NobodyReadsWhereThatIsSaid) { Expect("nowhere", 401, 401); }

TEST_F(AnonymousReadTest, AWordThatIsNoneIsRefused) {
  const support::Finished finished =
      support::RunProgram({support::BinaryFolder() + "/portolan-registry", "--data", folder_.path(),
                           "--anonymous-read", "sometimes"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("loopback, anywhere, nowhere"), std::string::npos) << finished.err;
}

}  // namespace
}  // namespace registry
