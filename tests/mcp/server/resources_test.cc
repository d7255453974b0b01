#include "mcp/server/resources.h"

#include "mcp/server/completion.h"
#include "mcp/server/prompts.h"
#include "mcp/server/subscriptions.h"
#include "tests/mcp/server/server_fixture.h"

namespace mcp {
namespace {

std::optional<std::string> Gap(std::string_view text, std::string_view uri) {
  const auto match = UriTemplate::Parse(text)->Match(uri);
  return match ? std::optional(match->at("id")) : std::nullopt;
}

TEST(UriTemplateTest, FindsWhatStandsInTheGaps) {
  EXPECT_EQ(Gap("x://{id}/data", "x://12/data"), "12");
  EXPECT_EQ(Gap("x://{id}", "x://a%20b%2Fc"), "a b/c");
  EXPECT_EQ(Gap("x://{a}-{id}.txt", "x://1-2.3.txt"), "2.3");
}

TEST(UriTemplateTest, ASlashStandsAsItIsInAGapAtTheEnd) {
  EXPECT_EQ(Gap("x://{id}", "x://a/b"), "a/b");
  EXPECT_EQ(Gap("x://{id}", "x://"), std::nullopt);
}

TEST(UriTemplateTest, AnyOtherGapIsNeverEmptyNorSpansASlash) {
  EXPECT_EQ(Gap("x://{id}/data", "x:///data"), std::nullopt);
  EXPECT_EQ(Gap("x://{id}/data", "x://1/2/data"), std::nullopt);
  EXPECT_EQ(Gap("x://{id}/data", "x://1/data/"), std::nullopt);
  EXPECT_EQ(Gap("x://{id}/data", "y://1/data"), std::nullopt);
  EXPECT_EQ(Gap("x://{id}", "x://%4"), std::nullopt);
}

TEST(UriTemplateTest, KnowsNothingBeyondNames) {
  EXPECT_FALSE(UriTemplate::Parse("x://{+path}"));
  EXPECT_FALSE(UriTemplate::Parse("x://{a}{b}"));
  EXPECT_FALSE(UriTemplate::Parse("x://{a"));
}

class ResourcesTest : public ServerFixture {
 protected:
  static std::vector<Resource> MakeResources() {
    return {{"x://one", "one", "", "The one.", "text/plain",
             [](ServedCall&) -> base::Task<base::Result<ResourceContents>> {
               co_return ResourceContents::Text("text/plain", "1");
             }}};
  }
  static std::vector<ResourceTemplate> MakeTemplates() {
    return {{*UriTemplate::Parse("x://by/{id}"),
             "by-id",
             "",
             "",
             "",
             [](ServedCall&, const UriTemplate::Variables& variables)
                 -> base::Task<base::Result<ResourceContents>> {
               co_return ResourceContents::Blob("", variables.at("id"));
             },
             [](const Call&, std::string_view variable, std::string_view typed) {
               return std::vector<std::string>(150, std::string(variable) + std::string(typed));
             },
             {}}};
  }
  static std::vector<Prompt> MakePrompts() {
    Prompt prompt;
    prompt.name = "greet";
    prompt.arguments = {{"who", "", true, {}}};
    prompt.fill = [](ServedCall&) -> base::Task<base::Result<std::vector<PromptMessage>>> {
      std::vector<PromptMessage> messages = {{"assistant", R"({"type":"text","text":"hi"})"}};
      co_return messages;
    };
    return {prompt};
  }
  TestCall& Ask(std::string_view method, std::string_view params, Revision revision = kLatest) {
    TestCall& test = calls.emplace_back();
    test.revision = revision;
    Fill(test, method, params);
    Begin(server, test);
    EXPECT_TRUE(test.answered);
    return test;
  }

  std::list<TestCall> calls;
  Subscriptions subscriptions{loop};
  Resources resources{MakeResources(), MakeTemplates(), {}, &subscriptions};
  Prompts prompts{MakePrompts(), {}, &subscriptions};
  Completion completion{prompts, resources};
  Server server{{}, {&resources, &prompts, &completion}};
};

TEST_F(ResourcesTest, AreListedAndRead) {
  EXPECT_EQ(
      Ask("resources/list", "").result(),
      R"({"resources":[{"uri":"x://one","name":"one","description":"The one.","mimeType":"text/plain"}],)"
      R"("resultType":"complete","ttlMs":60000,"cacheScope":"private"})");
  EXPECT_EQ(Ask("resources/read", R"("uri":"x://one")").result(),
            R"({"contents":[{"uri":"x://one","mimeType":"text/plain","text":"1"}],)"
            R"("resultType":"complete","ttlMs":60000,"cacheScope":"private"})");
}

TEST_F(ResourcesTest, AreReadByTemplate) {
  EXPECT_EQ(Member(Ask("resources/templates/list", "").result(), "resourceTemplates"),
            R"([{"uriTemplate":"x://by/{id}","name":"by-id"}])");
  EXPECT_EQ(Member(Ask("resources/read", R"("uri":"x://by/QQ==")").result(), "contents"),
            R"([{"uri":"x://by/QQ==","blob":"QQ=="}])");
}

TEST_F(ResourcesTest, AnUnknownOneIsNamedInTheError) {
  const TestCall& modern = Ask("resources/read", R"("uri":"x://two")");
  EXPECT_EQ(modern.code(), kInvalidParams);
  EXPECT_EQ(Member(Member(modern.error(), "data"), "uri"), R"("x://two")");
  EXPECT_EQ(Ask("resources/read", R"("uri":"x://two")", kLatestLegacy).code(), -32002);
}

TEST_F(ResourcesTest, ATemplateMayListWhatItStandsForInPages) {
  std::vector<ResourceTemplate> templates = MakeTemplates();
  templates[0].list = [](const Call&, std::string_view cursor) -> base::Result<ResourcePage> {
    ResourcePage page;
    if (!cursor.empty() && cursor != "b")
      return base::Fail(base::Code::kInvalidArgument, "cursor: not one of ours");
    page.resources.push_back({cursor.empty() ? "x://by/a" : "x://by/b", "", "", "", "", {}});
    if (cursor.empty()) page.next = "b";
    return page;
  };
  Resources many(MakeResources(), std::move(templates), {});
  Server listing({}, {&many});
  const auto list = [&](std::string_view params) -> TestCall& {
    TestCall& test = calls.emplace_back();
    Fill(test, "resources/list", params);
    Begin(listing, test);
    return test;
  };
  const TestCall& first = list("");
  EXPECT_EQ(
      Member(first.result(), "resources"),
      R"([{"uri":"x://one","name":"one","description":"The one.","mimeType":"text/plain"},{"uri":"x://by/a","name":""}])");
  EXPECT_EQ(Member(first.result(), "nextCursor"), R"("b")");
  const TestCall& second = list(R"("cursor":"b")");
  EXPECT_EQ(Member(second.result(), "resources"), R"([{"uri":"x://by/b","name":""}])");
  EXPECT_EQ(Member(second.result(), "nextCursor"), "");
  EXPECT_EQ(list(R"("cursor":"c")").code(), kInvalidParams);
  EXPECT_EQ(list(R"("cursor":7)").code(), kInvalidParams);
}

TEST_F(ResourcesTest, OneSubscribesToWhatOneCanRead) {
  EXPECT_EQ(Ask("resources/subscribe", R"("uri":"x://one")", kLatestLegacy).result(), "{}");
  EXPECT_EQ(Ask("resources/subscribe", R"("uri":"x://two")", kLatestLegacy).code(), -32002);
}

TEST_F(ResourcesTest, APromptNeedsItsArguments) {
  EXPECT_EQ(Ask("prompts/get", R"("name":"greet")").code(), kInvalidParams);
  EXPECT_EQ(Ask("prompts/get", R"("name":"greet","arguments":{"who":7})").code(), kInvalidParams);
  EXPECT_EQ(Ask("prompts/get", R"("name":"none")").code(), kInvalidParams);
  EXPECT_EQ(
      Ask("prompts/get", R"("name":"greet","arguments":{"who":"Ada"})").result(),
      R"({"messages":[{"role":"assistant","content":{"type":"text","text":"hi"}}],"resultType":"complete"})");
}

TEST_F(ResourcesTest, CompletionShowsAtMostAHundred) {
  const auto complete = [&](std::string_view ref, std::string_view name) -> const TestCall& {
    return Ask("completion/complete", R"("ref":)" + std::string(ref) + R"(,"argument":{"name":")" +
                                          std::string(name) + R"(","value":"a"})");
  };
  const std::string_view proposed = Member(
      complete(R"({"type":"ref/resource","uri":"x://by/{id}"})", "id").result(), "completion");
  Elements values(Member(proposed, "values"));
  int count = 0;
  while (values.Next()) ++count;
  EXPECT_EQ(count, 100);
  EXPECT_EQ(Member(proposed, "total"), "150");
  EXPECT_EQ(Member(proposed, "hasMore"), "true");
  EXPECT_NE(complete(R"({"type":"ref/prompt","name":"greet"})", "who").result(), "");
  EXPECT_EQ(complete(R"({"type":"ref/prompt","name":"greet"})", "what").code(), kInvalidParams);
  EXPECT_EQ(complete(R"({"type":"ref/other"})", "what").code(), kInvalidParams);
}

}  // namespace
}  // namespace mcp
