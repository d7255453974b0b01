#include "registry/service/registry_api.h"

#include <fstream>

#include "registry/service/registry_path.h"
#include "tests/registry/service/registry_api_fixture.h"

namespace registry {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr std::int64_t kCreated = 1'795'381'445'000;

v1::Change Server(const std::string& name, const std::string& description = "") {
  v1::Change change;
  v1::Resource& resource = *change.mutable_resource();
  resource.set_kind("Server");
  resource.set_name(name);
  resource.set_created_at_ms(kCreated);
  resource.set_updated_at_ms(kCreated);
  resource.mutable_server()->set_description(description);
  resource.mutable_server()->set_approval(v1::Approval::APPROVED);
  return change;
}

v1::Change Routed(const std::string& name, const std::string& base_path) {
  v1::Change change = Server(name);
  change.mutable_resource()->mutable_server()->set_base_path(base_path);
  change.mutable_resource()->mutable_server()->mutable_endpoint()->mutable_stdio()->set_command(
      "npx");
  return change;
}

v1::Change Version(const std::string& name, const std::string& version,
                   const std::string& description = "D") {
  v1::Change change;
  v1::Resource& resource = *change.mutable_resource();
  resource.set_kind("ServerVersion");
  resource.set_name(name + "@" + version);
  resource.set_created_at_ms(kCreated);
  resource.set_updated_at_ms(kCreated);
  resource.mutable_server_version()->set_server_json(
      json{{"name", name}, {"description", description}, {"version", version}}.dump());
  return change;
}

class RegistryApiTest : public RegistryApiFixture {
 protected:
  void Tell(const v1::Change& change) {
    Write(change);
    listing_.OnChanges(std::span(&change, 1));
  }
  // What is in the store already, and not yet told.
  void Write(const v1::Change& change) {
    const v1::Resource& resource = change.resource();
    if (change.deleted()) {
      told_.erase({resource.kind(), resource.name()});
    } else {
      told_.insert_or_assign({resource.kind(), resource.name()}, resource);
    }
  }
};

TEST_F(RegistryApiTest, ListsNothingAsAnEmptyList) {
  EXPECT_EQ(Get("/v0.1/servers"), json::parse(R"({"servers":[],"metadata":{"count":0}})"));
}

TEST_F(RegistryApiTest, MakesAServerJsonForAServerAddedByCommand) {
  Tell(Routed("local/everything", "everything"));
  json entry = Get("/v0.1/servers")["servers"][0];
  EXPECT_EQ(entry["server"]["version"], "1.0.0");
  EXPECT_EQ(entry["server"]["description"], "MCP server local/everything");
  EXPECT_EQ(
      entry["server"]["remotes"],
      json::parse(R"([{"type":"streamable-http","url":"http://127.0.0.1:8900/everything/mcp"}])"));
  EXPECT_EQ(entry["_meta"][kOfficial], json::parse(R"({"status":"active","isLatest":true,
    "publishedAt":"2026-11-22T21:04:05.000Z","updatedAt":"2026-11-22T21:04:05.000Z",
    "statusChangedAt":"2026-11-22T21:04:05.000Z"})"));
  EXPECT_EQ(entry["_meta"]["io.portolan.registry/server"]["basePath"], "everything");
}

TEST_F(RegistryApiTest, FindsAServerByItsEncodedAndPlainName) {
  Tell(Routed("local/everything", "everything"));
  EXPECT_EQ(Get("/v0.1/servers/local%2Feverything/versions/latest")["server"]["name"],
            "local/everything");
  EXPECT_EQ(Get("/v0/servers/local/everything/versions/1.0.0")["server"]["name"],
            "local/everything");
  EXPECT_EQ(Get("/v0.1/servers/local%2Feverything/versions/")["metadata"]["count"], 1);
}

TEST_F(RegistryApiTest, PagesWithACursorThatCarriesTheSearch) {
  for (const char* name : {"a/one", "b/two", "c/three"}) Tell(Server(name, "Finds things"));
  Tell(Server("a/other", "Nothing of that"));
  json first = Get("/v0.1/servers", "limit=2&search=FINDS");
  EXPECT_EQ(first["metadata"]["count"], 2);
  std::string cursor = first["metadata"]["nextCursor"];
  EXPECT_THAT(cursor, MatchesRegex("[A-Za-z0-9_-]+"));
  EXPECT_THAT(Listed("limit=2&cursor=" + cursor), ElementsAre("c/three@1.0.0"));
  EXPECT_FALSE(Get("/v0.1/servers", "cursor=" + cursor)["metadata"].contains("nextCursor"));
}

TEST_F(RegistryApiTest, ListsVersionsAndKnowsTheLatest) {
  Tell(Server("a/b"));
  for (const char* version : {"1.9.0", "1.10.0", "2.0.0-rc.1"}) Tell(Version("a/b", version));
  Tell(Version("a/b", "1.10.1"));
  v1::Change deleted = Version("a/b", "3.0.0");
  deleted.mutable_resource()->mutable_server_version()->set_status(v1::VersionStatus::DELETED);
  Tell(deleted);
  json versions = Get("/v0.1/servers/a%2Fb/versions")["servers"];
  ASSERT_EQ(versions.size(), 4u);
  EXPECT_EQ(versions[0]["server"]["version"], "2.0.0-rc.1");
  EXPECT_EQ(versions[1]["server"]["version"], "1.10.1");
  EXPECT_EQ(versions[3]["server"]["version"], "1.9.0");
  EXPECT_THAT(Listed("version=latest"), ElementsAre("a/b@2.0.0-rc.1"));
  EXPECT_THAT(Listed("version=1.9.0"), ElementsAre("a/b@1.9.0"));
  EXPECT_EQ(Listed("include_deleted=true").size(), 5u);
  v1::Change pinned = Server("a/b");
  pinned.mutable_resource()->mutable_server()->set_current_version("1.10.0");
  Tell(pinned);
  EXPECT_EQ(Get("/v0.1/servers/a%2Fb/versions/latest")["server"]["version"], "1.10.0");
}

TEST_F(RegistryApiTest, ListsWhatChangedSinceWithTheDeleted) {
  Tell(Server("a/old"));
  v1::Change fresh = Server("a/retired");
  fresh.mutable_resource()->set_updated_at_ms(kCreated + 1000);
  fresh.mutable_resource()->mutable_server()->set_lifecycle(v1::Lifecycle::RETIRED);
  Tell(fresh);
  EXPECT_THAT(Listed(""), ElementsAre("a/old@1.0.0"));
  EXPECT_THAT(Listed("updated_since=2026-11-22T21:04:05Z"), ElementsAre("a/retired@1.0.0"));
  EXPECT_THAT(Listed("updated_since=2026-11-22T22:04:05+01:00"), ElementsAre("a/retired@1.0.0"));
  EXPECT_EQ(Ask("/v0.1/servers", "updated_since=2026-11-22T21:04:05Z&include_deleted=false").status,
            400);
  EXPECT_EQ(Ask("/v0.1/servers", "updated_since=yesterday").status, 400);
}

TEST_F(RegistryApiTest, HidesWhatIsNotApprovedOrNotForTheCaller) {
  v1::Change pending = Server("a/pending");
  pending.mutable_resource()->mutable_server()->set_approval(v1::Approval::PENDING);
  Tell(pending);
  v1::Change secret = Server("a/secret");
  secret.mutable_resource()->mutable_server()->mutable_visibility()->add_audiences(
      "consumer:alice");
  Tell(secret);
  EXPECT_THAT(Listed(""), ElementsAre());
  EXPECT_EQ(Ask("/v0.1/servers/a%2Fsecret/versions/latest").status, 404);
  caller_.principal.id = "consumer/alice";
  caller_.principal.kind = base::auth::PrincipalKind::kAgent;
  EXPECT_THAT(Listed(""), ElementsAre("a/secret@1.0.0"));
}

TEST_F(RegistryApiTest, NamesASuccessorOnlyToThoseWhoSeeIt) {
  v1::Change next = Server("a/next");
  next.mutable_resource()->mutable_server()->mutable_visibility()->add_audiences("consumer:alice");
  Tell(next);
  v1::Change old = Server("a/old");
  old.mutable_resource()->mutable_server()->set_lifecycle(v1::Lifecycle::DEPRECATED);
  old.mutable_resource()->mutable_server()->set_successor("a/next");
  Tell(old);
  const auto own = [&] { return Get("/v0.1/servers/a%2Fold/versions/latest")["_meta"][kOwn]; };
  EXPECT_FALSE(own().contains("successor"));
  caller_.principal.id = "consumer/alice";
  caller_.principal.kind = base::auth::PrincipalKind::kAgent;
  EXPECT_EQ(own().value("successor", ""), "a/next");
}

TEST_F(RegistryApiTest, ForgetsADeletedServer) {
  Tell(Server("a/b"));
  Tell(Version("a/b", "1.0.0"));
  v1::Change deleted;
  deleted.set_deleted(true);
  deleted.mutable_resource()->set_kind("Server");
  deleted.mutable_resource()->set_name("a/b");
  Tell(deleted);
  EXPECT_THAT(Listed("include_deleted=true"), ElementsAre());
}

TEST_F(RegistryApiTest, AnswersErrorsInBothTongues) {
  RegistryApi::Answer answer = Ask("/v0.1/servers", "limit=0");
  EXPECT_EQ(answer.status, 422);
  json body = json::parse(answer.body);
  EXPECT_EQ(body["status"], 422);
  EXPECT_EQ(body["error"], body["detail"]);
  EXPECT_THAT(body["error"].get<std::string>(), HasSubstr("limit"));
  EXPECT_EQ(Ask("/v0.1/servers", "limit=101").status, 422);
  EXPECT_EQ(Ask("/v0.1/servers", "limit=ten").status, 422);
  EXPECT_EQ(Ask("/v0.1/servers", "include_deleted=maybe").status, 422);
  EXPECT_EQ(Ask("/v0.1/servers", "cursor=nonsense").status, 400);
  EXPECT_EQ(Ask("/v0.1/servers", "search=%00").status, 400);
  EXPECT_EQ(Ask("/v0.1/servers/a%00b/versions").status, 400);
  EXPECT_EQ(Ask("/v0.1/servers/no%2Fbody/versions").status, 404);
  EXPECT_EQ(Ask("/v0.1/nothing").status, 404);
}

TEST_F(RegistryApiTest, WantsAProofFromStrangersButNotForItsHealth) {
  caller_.local = false;
  EXPECT_EQ(Ask("/v0.1/servers").status, 401);
  EXPECT_EQ(Get("/v0/health")["status"], "ok");
  EXPECT_EQ(Get("/v0.1/ping/")["pong"], true);
  EXPECT_TRUE(Get("/v0.1/version").contains("git_commit"));
}

TEST_F(RegistryApiTest, ShowsADeletedVersionOnlyToWhoAsksForIt) {
  Tell(Server("a/b"));
  v1::Change deleted = Version("a/b", "1.0.0");
  deleted.mutable_resource()->mutable_server_version()->set_status(v1::VersionStatus::DELETED);
  Tell(deleted);
  EXPECT_EQ(Ask("/v0.1/servers/a%2Fb/versions/1.0.0").status, 404);
  EXPECT_EQ(Get("/v0.1/servers/a%2Fb/versions/1.0.0",
                "include_deleted=true")["_meta"][kOfficial]["status"],
            "deleted");
}

TEST_F(RegistryApiTest, GivesADocumentWithoutItsSpacesButToTheLastSign) {
  Tell(Server("a/b"));
  v1::Change version = Version("a/b", "1.0.0");
  version.mutable_resource()->mutable_server_version()->set_server_json(
      "{ \"name\" : \"a/b\",\n \"description\": \"two  spaces, \\\" a quote\", "
      "\"version\":\"1.0.0\" }");
  Tell(version);
  EXPECT_THAT(Ask("/v0.1/servers/a/b/versions/latest").body,
              HasSubstr(R"({"server":{"name":"a/b","description":"two  spaces, \" a quote",)"));
}

TEST_F(RegistryApiTest, GoesOnWithAMadeDocumentWhenTheLastVersionIsDeleted) {
  Tell(Server("a/b", "Said by the server"));
  Tell(Version("a/b", "2.0.0", "Said by the document"));
  v1::Change gone = Version("a/b", "2.0.0");
  gone.set_deleted(true);
  Tell(gone);
  const json left = Get("/v0.1/servers/a/b/versions/latest");
  EXPECT_EQ(left["server"]["description"], "Said by the server");
  EXPECT_EQ(left["server"]["version"], "2.0.0");
  Tell(Version("a/b", "3.0.0"));
  EXPECT_THAT(Listed(""), ElementsAre("a/b@3.0.0"));
}

TEST_F(RegistryApiTest, LeavesOutWhatIsGoneBeforeTheListingHearsOfIt) {
  for (const char* name : {"a/one", "a/two", "a/zoo"}) Tell(Server(name));
  v1::Change gone = Server("a/two");
  gone.set_deleted(true);
  Write(gone);
  EXPECT_THAT(Listed(""), ElementsAre("a/one@1.0.0", "a/zoo@1.0.0"));
  EXPECT_EQ(Ask("/v0.1/servers/a%2Ftwo/versions/latest").status, 404);
  // A page whose entries are all gone still leads to the next one.
  const json page =
      Get("/v0.1/servers",
          "limit=1&cursor=" +
              Get("/v0.1/servers", "limit=1")["metadata"]["nextCursor"].get<std::string>());
  EXPECT_EQ(page["servers"].size(), 0u);
  EXPECT_EQ(
      Get("/v0.1/servers",
          "cursor=" +
              page["metadata"]["nextCursor"].get<std::string>())["servers"][0]["server"]["name"],
      "a/zoo");
}

TEST_F(RegistryApiTest, LeavesOutWhatIsHiddenBeforeTheListingHearsOfIt) {
  Tell(Server("a/one"));
  v1::Change hidden = Server("a/one");
  hidden.mutable_resource()->mutable_server()->mutable_visibility()->add_audiences("group:secret");
  Write(hidden);
  EXPECT_THAT(Listed(""), ElementsAre());
}

TEST_F(RegistryApiTest, ShowsADraftToItsNamespaceAndNobodyElse) {
  v1::Change draft = Server("acme/draft");
  draft.mutable_resource()->mutable_server()->set_approval(v1::Approval::DRAFT);
  Tell(draft);
  EXPECT_THAT(Listed(""), ElementsAre());
  caller_.principal.id = "token/p";
  caller_.principal.kind = base::auth::PrincipalKind::kUser;
  caller_.principal.roles = {base::auth::RoleGrant("publisher", {"acme"})};
  EXPECT_EQ(Get("/v0.1/servers")["servers"][0]["_meta"][kOwn]["approval"], "draft");
}

TEST(RegistryPathTest, KnowsThePlacesOfTheApi) {
  const auto rest = [](std::string_view path) {
    const auto read = RegistryPath::Read(path);
    return read ? std::string(read->capability) + "|" + std::string(read->rest) : "none";
  };
  EXPECT_EQ(rest("/v0.1/servers"), "|/servers");
  EXPECT_EQ(rest("/v0"), "|");
  EXPECT_EQ(rest("//v0.1/servers"), "|/servers");
  EXPECT_EQ(rest("/workspaces/default/v0.1/servers"), "|/servers");
  EXPECT_EQ(rest("/r/key_a_b/v0/servers"), "key_a_b|/servers");
  EXPECT_EQ(rest("/r/key_a_b//v0.1/servers"), "key_a_b|/servers");
  EXPECT_EQ(rest("/r/key_a_b/workspaces/default/v0.1"), "key_a_b|");
  EXPECT_EQ(rest("/v0.2/servers"), "none");
  EXPECT_EQ(rest("/v01"), "none");
  EXPECT_EQ(rest("/r/v0.1/servers"), "none");
  EXPECT_EQ(rest("/r//v0.1/servers"), "none");
  EXPECT_EQ(rest("/r"), "none");
  EXPECT_EQ(rest("/workspaces/other/v0.1"), "none");
  EXPECT_EQ(rest("/api"), "none");
}

// 231 real entries go in and come out whole.
TEST_F(RegistryApiTest, GivesBackEveryRealEntryAsItWasPublished) {
  std::ifstream in(TEST_DATA "/registry/servers-valid-2025-12-11.json");
  json entries = json::parse(in);
  for (const json& entry : entries) {
    v1::Change version = Version(entry["name"], entry["version"]);
    version.mutable_resource()->mutable_server_version()->set_server_json(entry.dump());
    Tell(Server(entry["name"]));
    Tell(version);
  }
  for (const json& entry : entries) {
    std::string path = "/v0.1/servers/" + entry["name"].get<std::string>() + "/versions/" +
                       entry["version"].get<std::string>();
    EXPECT_EQ(Get(path)["server"], entry);
  }
}

}  // namespace
}  // namespace registry
