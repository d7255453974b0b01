#include "registry/catalog/validate.h"

#include <gtest/gtest.h>

#include "base/manifest.h"

namespace registry {
namespace {

// What is wrong with a resource of the file form; empty when nothing is.
std::string Wrong(const std::string& yaml) {
  const auto tree = base::ParseYamlOrJson(yaml);
  if (tree.has_error()) return tree.error().message;
  portolan::v1::Resource resource;
  if (const auto read = base::ReadJson(*tree, resource); read.has_error())
    return read.error().message;
  const auto ok = Validate(resource);
  return ok.has_error() ? ok.error().message : "";
}

std::string WrongServer(const std::string& spec, const std::string& name = "local/x") {
  return Wrong("{kind: Server, name: '" + name + "', spec: " + spec + "}");
}

using ::testing::Test;

TEST(ValidateTest, TakesAServerWithEverything) {
  EXPECT_EQ(
      WrongServer(R"({title: Weather, description: d, website_url: 'https://x.example', owner: me,
      endpoint: {streamable_http: {url: 'http://127.0.0.1:9000/mcp'}}, base_path: weather, base_path_aliases: [wetter],
      tags: [a, b-c], visibility: {audiences: [public, 'consumer:alice', 'principal:okta/alice']}, lifecycle: PREVIEW})"),
      "");
}

TEST(ValidateTest, AnAudienceThatWouldMatchNobodyIsRefused) {
  const auto wrong = [](const std::string& audience) {
    return WrongServer("{visibility: {audiences: [public, '" + audience + "']}}");
  };
  for (const char* audience : {"principal:", "everybody", "group:", "consumer:"})
    EXPECT_TRUE(wrong(audience).starts_with("/spec/visibility/audiences/1: must be")) << audience;
  EXPECT_EQ(wrong("group:okta/payments"), "");
}

TEST(ValidateTest, NamesMustBeNamespaceAndName) {
  EXPECT_TRUE(WrongServer("{}", "weather").starts_with("/name: "));
  EXPECT_TRUE(WrongServer("{}", "a/b/c").starts_with("/name: "));
  EXPECT_TRUE(WrongServer("{}", "a b/c").starts_with("/name: "));
  EXPECT_TRUE(
      WrongServer("{}", std::string(150, 'a') + "/" + std::string(60, 'b')).starts_with("/name: "));
}

TEST(ValidateTest, NamesMustNotClimb) {
  EXPECT_NE(WrongServer("{}", "a/..").find("'..'"), std::string::npos);
  EXPECT_NE(WrongServer("{}", "../b").find("'..'"), std::string::npos);
}

TEST(ValidateTest, AnUnknownFieldIsNamed) {
  EXPECT_TRUE(WrongServer("{descripton: x}").starts_with("/spec/descripton: unknown field"));
}

TEST(ValidateTest, AnUnknownFieldOfABinaryMessageIsRefused) {
  portolan::v1::Resource resource;
  resource.set_name("a/b");
  auto& server = *resource.mutable_server();
  server.GetReflection()->MutableUnknownFields(&server)->AddVarint(99, 1);
  EXPECT_EQ(Validate(resource).error().message, "/spec: unknown field, number 99");
}

TEST(ValidateTest, TenMegabytesOfDescriptionNameTheField) {
  portolan::v1::Resource resource;
  resource.set_name("a/b");
  resource.mutable_server()->set_description(std::string(10 << 20, 'x'));
  const auto ok = Validate(resource);
  EXPECT_EQ(ok.error().code, base::Code::kInvalidArgument);
  EXPECT_TRUE(ok.error().message.starts_with("/spec/description: ")) << ok.error().message;
}

TEST(ValidateTest, ReservedBasePathsAreRefused) {
  for (const char* path : {"mcp", "api", "v0", "healthz"}) {
    EXPECT_NE(WrongServer("{endpoint: {streamable_http: {url: 'http://h/'}}, base_path: " +
                          std::string(path) + "}")
                  .find("/spec/base_path: '" + std::string(path) + "' is reserved"),
              std::string::npos);
  }
}

TEST(ValidateTest, BasePathsAreLabels) {
  EXPECT_TRUE(WrongServer("{endpoint: {streamable_http: {url: 'http://h/'}}, base_path: 'A B'}")
                  .starts_with("/spec/base_path: "));
  EXPECT_TRUE(WrongServer("{base_path: weather}")
                  .starts_with("/spec/base_path: only a server with an endpoint"));
}

TEST(ValidateTest, UrlsAreHttpWithoutUserOrFragment) {
  for (const char* url : {"ftp://h/", "h", "http://u:p@h/", "http://h/#x", "javascript:alert(1)"}) {
    EXPECT_TRUE(WrongServer("{endpoint: {streamable_http: {url: '" + std::string(url) + "'}}}")
                    .starts_with("/spec/endpoint/streamable_http/url: "))
        << url;
  }
  EXPECT_TRUE(
      WrongServer("{website_url: 'javascript:alert(1)'}").starts_with("/spec/website_url: "));
}

TEST(ValidateTest, StreamsOfOldServersHaveAUrlToo) {
  EXPECT_EQ(WrongServer("{endpoint: {sse: {url: 'http://h/sse'}}}"), "");
  EXPECT_TRUE(WrongServer("{endpoint: {sse: {}}}").starts_with("/spec/endpoint/sse/url: "));
  EXPECT_TRUE(
      WrongServer("{endpoint: {sse: {url: 'ftp://h/'}}}").starts_with("/spec/endpoint/sse/url: "));
}

TEST(ValidateTest, ProgramsAreChecked) {
  EXPECT_TRUE(WrongServer("{endpoint: {stdio: {}}}").starts_with("/spec/endpoint/stdio/command: "));
  EXPECT_TRUE(WrongServer("{endpoint: {stdio: {command: x, cwd: here}}}")
                  .starts_with("/spec/endpoint/stdio/cwd: "));
  EXPECT_TRUE(WrongServer("{endpoint: {stdio: {command: x, env: [{name: 'A=B', value: c}]}}}")
                  .starts_with("/spec/endpoint/stdio/env/0/name: "));
}

TEST(ValidateTest, TheKindMustFitTheSpec) {
  portolan::v1::Resource resource;
  resource.set_kind("PolicySet");
  resource.set_name("a/b");
  resource.mutable_server();
  EXPECT_TRUE(Validate(resource).error().message.starts_with("/kind: "));
}

TEST(ValidateTest, EnumsOfOtherVersionsAreRefused) {
  portolan::v1::Resource resource;
  resource.set_name("a/b");
  resource.mutable_server()->set_lifecycle(static_cast<portolan::v1::Lifecycle::Stage>(77));
  EXPECT_EQ(Validate(resource).error().message, "/spec/lifecycle: unknown value 77");
}

TEST(ValidateTest, PolicySetsAreCheckedByPolicy) {
  const std::string wrong = Wrong(
      "{kind: PolicySet, name: base, spec: {attach: {global: true}, rules: [{id: a, rate_limit: "
      "{calls: 0, per_s: 1}}]}}");
  EXPECT_TRUE(wrong.starts_with("/spec/rules/0/rate_limit/calls")) << wrong;
}

}  // namespace
}  // namespace registry
