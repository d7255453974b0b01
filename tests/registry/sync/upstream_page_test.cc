#include "registry/sync/upstream_page.h"

#include <gtest/gtest.h>

namespace registry::sync {
namespace {

namespace v1 = portolan::v1;

TEST(UpstreamPageTest, AsksForPagesOfWhatChanged) {
  EXPECT_EQ(UpstreamPageUrl("https://r.example", 0, ""),
            "https://r.example/v0.1/servers?limit=100");
  EXPECT_EQ(UpstreamPageUrl("https://r.example/base/", 1'000, "a+b:1"),
            "https://r.example/base/v0.1/servers?limit=100"
            "&updated_since=1970-01-01T00%3A00%3A01.000Z&cursor=a%2Bb%3A1");
  EXPECT_EQ(UpstreamPageUrl("https://r.example/v0", 0, ""),
            "https://r.example/v0/servers?limit=100");
}

TEST(UpstreamPageTest, ReadsEntriesWithWhatTheirRegistrySaysOfThem) {
  const auto page = ReadUpstreamPage(R"({"servers":[
    {"server":{"name":"a/b","version":"1"},"_meta":{"io.modelcontextprotocol.registry/official":
      {"status":"deprecated","statusMessage":"old"}}},
    {"server":{"name":"a/c"}}],"metadata":{"nextCursor":"x","count":2}})");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  ASSERT_EQ(page->entries.size(), 2u);
  EXPECT_EQ(page->entries[0].name, "a/b");
  EXPECT_EQ(page->entries[0].status, v1::VersionStatus::DEPRECATED);
  EXPECT_EQ(page->entries[0].status_message, "old");
  EXPECT_EQ(page->entries[1].status, v1::VersionStatus::ACTIVE);
  EXPECT_EQ(page->next_cursor, "x");
}

TEST(UpstreamPageTest, RefusesWhatIsNoPage) {
  for (const char* body : {"", "[]", "{}", R"({"servers":{}})", R"({"servers":[1]})",
                           R"({"servers":[{"server":"x"}]})", "<html>"}) {
    EXPECT_TRUE(ReadUpstreamPage(body).has_error()) << body;
  }
  EXPECT_TRUE(ReadUpstreamPage(R"({"servers":null,"metadata":{}})")->entries.empty());
}

}  // namespace
}  // namespace registry::sync
