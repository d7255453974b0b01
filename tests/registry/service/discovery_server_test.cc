// Everything of the DiscoveryServer but its tools: resources, prompts, completion, listening.
#include "registry/service/discovery_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/search/feed.h"
#include "tests/registry/service/discovery_fixture.h"

namespace registry {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kInvalidParams = -32602;
const std::string kUri = "portolan://servers/local/everything";

class DiscoveryServerTest : public DiscoveryFixture {
 protected:
  static std::vector<std::string> Uris(const json& page) {
    std::vector<std::string> uris;
    for (const json& resource : page["resources"]) uris.push_back(resource["uri"]);
    return uris;
  }
  json Described(const std::string& uri) {
    json contents = Result("resources/read", {{"uri", uri}})["contents"][0];
    EXPECT_EQ(contents["uri"], uri);
    EXPECT_EQ(contents["mimeType"], "application/json");
    return json::parse(contents["text"].get<std::string>());
  }
  std::vector<std::string> Completed(const json& ref, const std::string& typed) {
    return Result(
        "completion/complete",
        {{"ref", ref}, {"argument", {{"name", "name"}, {"value", typed}}}})["completion"]["values"];
  }
  const json template_ref_ = {{"type", "ref/resource"}, {"uri", "portolan://servers/{name}"}};
};

TEST_F(DiscoveryServerTest, SaysWhatItDoes) {
  json capabilities = Result("server/discover")["capabilities"];
  EXPECT_EQ(capabilities, json::parse(R"({"tools":{},"resources":{"subscribe":true,
      "listChanged":true},"prompts":{},"completions":{},"logging":{}})"));
}

TEST_F(DiscoveryServerTest, AServerIsAResource) {
  json listed = Result("resources/list");
  EXPECT_EQ(listed["resources"], json::parse(R"([{"uri":"portolan://servers/local/everything",
      "name":"local/everything","description":"A server with one of each",
      "mimeType":"application/json"}])"));
  EXPECT_FALSE(listed.contains("nextCursor"));
  json server = Described(kUri);
  EXPECT_EQ(server["url"], "http://127.0.0.1:8900/everything/mcp");
  EXPECT_EQ(server["tools"][1]["id"], "everything.echo");
}

TEST_F(DiscoveryServerTest, ItsTemplateIsFilledWithTheSlashInEitherSpelling) {
  EXPECT_EQ(Result("resources/templates/list")["resourceTemplates"][0]["uriTemplate"],
            "portolan://servers/{name}");
  EXPECT_EQ(Described("portolan://servers/local%2Feverything"), Described(kUri));
}

TEST_F(DiscoveryServerTest, NoOtherUriIsAServer) {
  EXPECT_EQ(Code("resources/read", {{"uri", "portolan://servers/everything"}}), kInvalidParams);
  EXPECT_EQ(Code("resources/read", {{"uri", "portolan://servers/"}}), kInvalidParams);
  EXPECT_EQ(Code("resources/read", {{"uri", "portolan://tools/x"}}), kInvalidParams);
  EXPECT_EQ(Code("resources/read", {{"uri", kUri + "%00"}}), kInvalidParams);
  EXPECT_EQ(Code("resources/read", {{"uri", std::string(100'000, 'x')}}), kInvalidParams);
}

TEST_F(DiscoveryServerTest, ManyServersAreListedInPages) {
  for (int i = 0; i < 250; ++i) AddServer("many/s" + std::to_string(1000 + i));
  json first = Result("resources/list");
  json second = Result("resources/list", {{"cursor", first["nextCursor"]}});
  // What comes before the cursor moves nothing.
  AddServer("local/new");
  json third = Result("resources/list", {{"cursor", second["nextCursor"]}});
  EXPECT_EQ(Uris(first).size(), 100u);
  EXPECT_EQ(Uris(second).size(), 100u);
  EXPECT_EQ(Uris(third).size(), 51u);
  EXPECT_EQ(Uris(third).front(), "portolan://servers/many/s1199");
  EXPECT_EQ(Uris(third).back(), "portolan://servers/many/s1249");
  EXPECT_FALSE(third.contains("nextCursor"));
}

TEST_F(DiscoveryServerTest, ACursorOfNobodysIsRefused) {
  EXPECT_EQ(Code("resources/list", {{"cursor", "!"}}), kInvalidParams);
  EXPECT_EQ(Code("resources/list", {{"cursor", "AAAA"}}), kInvalidParams);
  EXPECT_EQ(Code("resources/list", {{"cursor", std::string(5000, 'A')}}), kInvalidParams);
  EXPECT_EQ(Code("resources/list", {{"cursor", 7}}), kInvalidParams);
}

TEST_F(DiscoveryServerTest, AHiddenServerIsAsIfItWereNot) {
  const json unknown = Ask("resources/read", {{"uri", "portolan://servers/local/nothing"}});
  Hide("everything", "consumer:alice");
  EXPECT_THAT(Uris(Result("resources/list")), IsEmpty());
  json hidden = Ask("resources/read", {{"uri", kUri}});
  EXPECT_EQ(hidden["error"]["code"], unknown["error"]["code"]);
  EXPECT_EQ(hidden["error"]["message"], unknown["error"]["message"]);
  EXPECT_THAT(Completed(template_ref_, ""), IsEmpty());
  EXPECT_THAT(Ask("prompts/get", {{"name", "use_a_server"},
                                  {"arguments", {{"name", "local/everything"}}}})["error"]
                  .dump(),
              Not(HasSubstr("did you mean")));
  EXPECT_THAT(
      Result("prompts/get", {{"name", "find_a_tool"}, {"arguments", {{"task", "echo"}}}}).dump(),
      Not(HasSubstr("everything.")));
  BeAlice();
  EXPECT_THAT(Uris(Result("resources/list")), ElementsAre(kUri));
  EXPECT_EQ(Described(kUri)["name"], "local/everything");
}

TEST_F(DiscoveryServerTest, CompletesAServersName) {
  AddServer("acme/event-log");
  AddServer("acme/seven");
  EXPECT_THAT(Completed(template_ref_, "EVE"),
              ElementsAre("acme/event-log", "local/everything", "acme/seven"));
  EXPECT_THAT(Completed(template_ref_, "acme/"), ElementsAre("acme/event-log", "acme/seven"));
  EXPECT_THAT(Completed({{"type", "ref/prompt"}, {"name", "use_a_server"}}, "loc"),
              ElementsAre("local/everything"));
  EXPECT_THAT(Completed(template_ref_, std::string(5000, 'x')), IsEmpty());
}

TEST_F(DiscoveryServerTest, APromptBeginsWithCandidatesForTheTask) {
  json prompts = Result("prompts/list")["prompts"];
  ASSERT_EQ(prompts.size(), 2u);
  EXPECT_EQ(prompts[0]["name"], "find_a_tool");
  EXPECT_EQ(prompts[1]["name"], "use_a_server");
  json filled = Result("prompts/get",
                       {{"name", "find_a_tool"}, {"arguments", {{"task", "add two numbers"}}}});
  const std::string text = filled["messages"][0]["content"]["text"];
  EXPECT_THAT(text, HasSubstr("add two numbers"));
  EXPECT_THAT(text, HasSubstr("everything.get-sum: Returns the sum of two numbers Needs a, b"));
  EXPECT_EQ(Code("prompts/get",
                 {{"name", "find_a_tool"}, {"arguments", {{"task", std::string(5000, 'x')}}}}),
            kInvalidParams);
}

TEST_F(DiscoveryServerTest, APromptShowsAServerWhole) {
  json messages = Result("prompts/get", {{"name", "use_a_server"},
                                         {"arguments", {{"name", "everything"}}}})["messages"];
  EXPECT_EQ(messages[0]["content"]["resource"]["uri"], kUri);
  json refused =
      Ask("prompts/get", {{"name", "use_a_server"}, {"arguments", {{"name", "local/everythin"}}}});
  EXPECT_EQ(refused["error"]["code"], kInvalidParams);
  EXPECT_THAT(refused["error"]["message"].get<std::string>(),
              HasSubstr("did you mean 'local/everything'?"));
}

// One who listens to lists and to one server.
class DiscoveryListenerTest : public DiscoveryServerTest {
 protected:
  void Listen() {
    const json params = {
        {"notifications", {{"resourcesListChanged", true}, {"resourceSubscriptions", {kUri}}}}};
    base::Spawn(Answer(
        json{{"jsonrpc", "2.0"}, {"id", 9}, {"method", "subscriptions/listen"}, {"params", params}}
            .dump(),
        client_, cancel_, response_, ended_));
    Heard();
  }
  // The methods of what was heard since it was last asked.
  std::vector<std::string> Heard() {
    loop_.io.restart();
    loop_.io.poll();
    std::vector<std::string> methods;
    for (const json& message : std::exchange(client_.heard, {}))
      methods.push_back(message["method"]);
    return methods;
  }
  void Change(const std::string& name, const std::string& audience, bool deleted = false) {
    v1::Change change;
    change.set_deleted(deleted);
    change.mutable_resource()->set_kind("Server");
    change.mutable_resource()->set_name(name);
    v1::Server& server = *change.mutable_resource()->mutable_server();
    server.set_approval(v1::Approval::APPROVED);
    server.mutable_visibility()->add_audiences(audience);
    server_.OnChanges({&change, 1});
  }
  ~DiscoveryListenerTest() override {
    cancel_.Request();
    Heard();
    EXPECT_TRUE(ended_);
  }

  mcp::Response response_;
  bool ended_ = false;
};

TEST_F(DiscoveryListenerTest, HearsOfAChangedServer) {
  Listen();
  Change("local/everything", "public");
  EXPECT_THAT(Heard(), ElementsAre("notifications/resources/list_changed",
                                   "notifications/resources/updated"));
  Change("local/other", "public");
  EXPECT_THAT(Heard(), ElementsAre("notifications/resources/list_changed"));
}

TEST_F(DiscoveryListenerTest, HearsOfChangedToolsOfTheServerAlone) {
  Change("local/everything", "public");
  Listen();
  v1::ServerDefinitions definitions;
  definitions.set_server("local/everything");
  server_.OnDefinitions(definitions);
  EXPECT_THAT(Heard(), ElementsAre("notifications/resources/updated"));
}

TEST_F(DiscoveryListenerTest, HearsNothingOfWhatItMayNotSee) {
  Listen();
  Change("local/everything", "consumer:bob");
  Change("local/everything", "consumer:carol");
  Change("local/everything", "consumer:carol", /*deleted=*/true);
  EXPECT_THAT(Heard(), IsEmpty());
}

TEST_F(DiscoveryListenerTest, HearsThatAServerIsHiddenFromNowOn) {
  Change("local/everything", "public");
  Listen();
  Change("local/everything", "consumer:bob");
  EXPECT_THAT(Heard(), ElementsAre("notifications/resources/list_changed",
                                   "notifications/resources/updated"));
  Change("local/everything", "consumer:bob");
  EXPECT_THAT(Heard(), IsEmpty());
}

TEST_F(DiscoveryListenerTest, IsSentHomeWhenTheRegistryEnds) {
  Listen();
  server_.Drain();
  Heard();
  EXPECT_TRUE(ended_);
  EXPECT_THAT(response_.body, HasSubstr("complete"));
}

}  // namespace
}  // namespace registry
