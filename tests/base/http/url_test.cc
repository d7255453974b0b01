#include <gtest/gtest.h>

#include "base/http/client.h"

namespace base::http {
namespace {

TEST(UrlTest, ParsesSchemeHostPortAndTarget) {
  const Url url = *Url::Parse("http://LocalHost:9000/a/b?c=d");
  EXPECT_FALSE(url.tls);
  EXPECT_EQ(url.host, "localhost");
  EXPECT_EQ(url.port, 9000);
  EXPECT_EQ(url.target, "/a/b?c=d");
  EXPECT_EQ(url.origin(), "http://localhost:9000");
  EXPECT_EQ(url.authority(), "localhost:9000");
}

TEST(UrlTest, KnowsDefaultPortsAndTargets) {
  EXPECT_EQ(Url::Parse("https://example.com")->port, 443);
  EXPECT_EQ(Url::Parse("https://example.com")->authority(), "example.com");
  EXPECT_EQ(Url::Parse("http://example.com")->target, "/");
  EXPECT_EQ(Url::Parse("http://example.com?q")->target, "/?q");
}

TEST(UrlTest, ReadsIpv6WithoutItsBrackets) {
  const Url url = *Url::Parse("http://[::1]:80/");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.authority(), "[::1]");
  EXPECT_EQ(url.origin(), "http://[::1]:80");
}

class BadUrlTest : public testing::TestWithParam<const char*> {};

TEST_P(BadUrlTest, IsAnInvalidArgument) {
  const Result<Url> url = Url::Parse(GetParam());
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().code, Code::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Table, BadUrlTest,
                         testing::Values("", "example.com", "/path", "ftp://example.com", "http://",
                                         "http:///x", "http://user:pass@example.com",
                                         "http://example.com/#top", "http://example.com:0/",
                                         "http://example.com:99999/", "http://example.com:x/",
                                         "http://exa mple.com/", "http://example.com/a b",
                                         "http://example.com/\r\nHost: evil",
                                         "http://ex%0aample.com/", "http://[v1.x]/",
                                         "http://[::1/"));

}  // namespace
}  // namespace base::http
