#include "base/http/static_files.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace base::http {
namespace {

constexpr StaticFile kSite[] = {
    {.path = "/index.html",
     .content_type = "text/html; charset=utf-8",
     .plain = {"<html>", "\"page\""},
     .gzip = {},
     .brotli = {}},
    {.path = "/assets/app-1a2b.js",
     .content_type = "text/javascript; charset=utf-8",
     .immutable = true,
     .plain = {"plain script", "\"app\""},
     .gzip = {"gzipped", "\"app-gz\""},
     .brotli = {"brotlied", "\"app-br\""}},
    {.path = "/favicon.svg",
     .content_type = "image/svg+xml",
     .plain = {"<svg>", "\"icon\""},
     .gzip = {},
     .brotli = {}},
};

RequestHead Request(std::string_view method, std::string_view path) {
  RequestHead head;
  head.method = method;
  head.target = path;
  head.path = path;
  return head;
}

std::optional<std::string> FieldOf(const StaticAnswer& answer, std::string_view name) {
  for (const Field& field : answer.fields) {
    if (EqualsIgnoreCase(field.name, name)) return std::string(field.value);
  }
  return std::nullopt;
}

TEST(StaticFilesTest, ServesTheIndexAtTheRoot) {
  const StaticAnswer answer = StaticFiles(kSite).Answer(Request("GET", "/"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "<html>");
  EXPECT_EQ(FieldOf(answer, "content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(FieldOf(answer, "cache-control"), "no-cache");
}

TEST(StaticFilesTest, ServesTheIndexForRoutesOfTheClientAlsoWithDotsInThem) {
  EXPECT_EQ(StaticFiles(kSite).Answer(Request("GET", "/discover")).body, "<html>");
  EXPECT_EQ(StaticFiles(kSite).Answer(Request("GET", "/servers/io.github.acme/weather")).body,
            "<html>");
}

TEST(StaticFilesTest, AMissingAssetOrTopLevelFileIsNotFound) {
  EXPECT_EQ(StaticFiles(kSite).Answer(Request("GET", "/assets/app-old.js")).status, 404);
  EXPECT_EQ(StaticFiles(kSite).Answer(Request("GET", "/robots.txt")).status, 404);
}

TEST(StaticFilesTest, APathThatClimbsIsNoFile) {
  EXPECT_EQ(StaticFiles(kSite).Answer(Request("GET", "/assets/../../etc/passwd")).status, 404);
  EXPECT_EQ(StaticFiles(kSite).Answer(Request("GET", "/..%2f..%2fetc/passwd")).body, "<html>");
}

TEST(StaticFilesTest, PrefersTheSmallestEncodingThatTheClientTakes) {
  RequestHead head = Request("GET", "/assets/app-1a2b.js");
  head.fields.Add("Accept-Encoding", "gzip, deflate, br");
  const StaticAnswer answer = StaticFiles(kSite).Answer(head);
  EXPECT_EQ(answer.body, "brotlied");
  EXPECT_EQ(FieldOf(answer, "content-encoding"), "br");
  EXPECT_EQ(FieldOf(answer, "etag"), "\"app-br\"");
  EXPECT_EQ(FieldOf(answer, "vary"), "Accept-Encoding");
}

TEST(StaticFilesTest, AnEncodingRefusedByWeightZeroIsNotUsed) {
  RequestHead head = Request("GET", "/assets/app-1a2b.js");
  head.fields.Add("Accept-Encoding", "br;q=0, GZIP ; q=0.5");
  EXPECT_EQ(StaticFiles(kSite).Answer(head).body, "gzipped");
}

TEST(StaticFilesTest, SendsPlainBytesToAClientThatNamesNoEncoding) {
  const StaticAnswer answer = StaticFiles(kSite).Answer(Request("GET", "/assets/app-1a2b.js"));
  EXPECT_EQ(answer.body, "plain script");
  EXPECT_FALSE(FieldOf(answer, "content-encoding").has_value());
}

TEST(StaticFilesTest, AHashedAssetMayBeKeptForEver) {
  const StaticAnswer answer = StaticFiles(kSite).Answer(Request("GET", "/assets/app-1a2b.js"));
  EXPECT_EQ(FieldOf(answer, "cache-control"), "public, max-age=31536000, immutable");
}

TEST(StaticFilesTest, AnswersNotModifiedWhenTheClientHasThisForm) {
  RequestHead head = Request("GET", "/assets/app-1a2b.js");
  head.fields.Add("Accept-Encoding", "gzip");
  head.fields.Add("If-None-Match", "\"other\", W/\"app-gz\"");
  const StaticAnswer answer = StaticFiles(kSite).Answer(head);
  EXPECT_EQ(answer.status, 304);
  EXPECT_TRUE(answer.body.empty());
  EXPECT_EQ(FieldOf(answer, "etag"), "\"app-gz\"");
  EXPECT_FALSE(FieldOf(answer, "content-encoding").has_value());
}

TEST(StaticFilesTest, ATagOfAnotherFormIsNotThisOne) {
  RequestHead head = Request("GET", "/assets/app-1a2b.js");
  head.fields.Add("Accept-Encoding", "gzip");
  head.fields.Add("If-None-Match", "\"app-br\"");
  EXPECT_EQ(StaticFiles(kSite).Answer(head).status, 200);
}

TEST(StaticFilesTest, HeadHasTheAnswerOfGet) {
  const StaticAnswer answer = StaticFiles(kSite).Answer(Request("HEAD", "/favicon.svg"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(FieldOf(answer, "content-type"), "image/svg+xml");
}

TEST(StaticFilesTest, RefusesOtherMethodsAndNamesTheAllowedOnes) {
  const StaticAnswer answer = StaticFiles(kSite).Answer(Request("POST", "/"));
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(FieldOf(answer, "allow"), "GET, HEAD");
}

TEST(StaticFilesTest, EveryAnswerForbidsInlineScriptsFramesAndSniffing) {
  const StaticAnswer page = StaticFiles(kSite).Answer(Request("GET", "/"));
  const StaticAnswer missing = StaticFiles(kSite).Answer(Request("GET", "/assets/none"));
  const std::string policy = FieldOf(page, "content-security-policy").value_or("");
  EXPECT_NE(policy.find("script-src 'self'"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe-inline"), std::string::npos);
  EXPECT_EQ(FieldOf(page, "x-content-type-options"), "nosniff");
  EXPECT_EQ(FieldOf(missing, "content-security-policy"), policy);
}

TEST(StaticFilesTest, ASiteWithoutFilesIsNotFound) {
  EXPECT_EQ(StaticFiles({}).Answer(Request("GET", "/")).status, 404);
}

}  // namespace
}  // namespace base::http
