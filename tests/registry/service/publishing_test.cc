#include "registry/service/publishing.h"

#include <fstream>

#include "base/auth/api_key.h"
#include "base/auth/read_capability.h"
#include "tests/registry/service/registry_api_fixture.h"

namespace registry {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class PublishingTest : public RegistryApiFixture {
 protected:
  PublishingTest() {
    EXPECT_TRUE(catalog_.Attach(roles_).has_value());
    EXPECT_TRUE(catalog_.Attach(listing_).has_value());
    Be("admin");
  }

  void Be(const std::string& role, const std::string& name_space = "") {
    caller_.principal.id = "token/" + role;
    caller_.principal.kind = base::auth::PrincipalKind::kUser;
    caller_.principal.roles = {base::auth::RoleGrant(
        role, name_space.empty() ? std::vector<std::string>() : std::vector{name_space})};
    caller_.face = "registry_api";
  }
  static std::string Document(const std::string& name, const std::string& version,
                              const std::string& description = "D") {
    return json{{"name", name}, {"description", description}, {"version", version}}.dump();
  }
  RegistryApi::Answer Write(const std::string& method, const std::string& path,
                            const std::string& body = "") {
    return api_.Write(method, "/v0.1" + path, body, caller_);
  }
  json Written(const std::string& method, const std::string& path, const std::string& body = "") {
    const auto answer = Write(method, path, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  std::string Refused(int status, const std::string& method, const std::string& path,
                      const std::string& body = "") {
    const auto answer = Write(method, path, body);
    EXPECT_EQ(answer.status, status) << answer.body;
    const json problem = json::parse(answer.body);
    EXPECT_EQ(problem["error"], problem["detail"]);
    return problem["error"];
  }
};

TEST_F(PublishingTest, ThePublishedVersionIsAnsweredAndListed) {
  const json answer = Written("POST", "/publish", Document("a/b", "1.0.0"));
  EXPECT_EQ(answer["server"], json::parse(Document("a/b", "1.0.0")));
  EXPECT_EQ(answer["_meta"][kOfficial]["status"], "active");
  EXPECT_EQ(answer["_meta"][kOfficial]["isLatest"], true);
  caller_.principal = {};
  EXPECT_THAT(Listed(""), ElementsAre("a/b@1.0.0"));
}

TEST_F(PublishingTest, ANewerVersionDescribesTheServerAndAnOlderOneDoesNot) {
  Written("POST", "/publish", Document("a/b", "1.0.0", "first"));
  Written("POST", "/publish", Document("a/b", "2.0.0", "second"));
  Written("POST", "/publish", Document("a/b", "1.5.0", "a late repair"));
  EXPECT_EQ(catalog_.Get("Server", "a/b")->server().description(), "second");
  EXPECT_EQ(Get("/v0.1/servers/a%2Fb/versions/latest")["server"]["version"], "2.0.0");
}

TEST_F(PublishingTest, AVersionIsPublishedOnce) {
  Written("POST", "/publish", Document("a/b", "1.0.0", "first"));
  EXPECT_THAT(Refused(400, "POST", "/publish", Document("a/b", "1.0.0", "again")),
              HasSubstr("duplicate version"));
  EXPECT_EQ(Get("/v0.1/servers/a%2Fb/versions/1.0.0")["server"]["description"], "first");
}

TEST_F(PublishingTest, ARangeIsNoVersion) {
  for (const char* range : {"^1.2.3", "~1.2", ">=1.0.0", "1.x", "1.2.*", "1.0 - 2.0"}) {
    EXPECT_THAT(Refused(400, "POST", "/publish", Document("a/b", range)), HasSubstr("range"));
  }
  Refused(422, "POST", "/publish", Document("a/b", "latest"));
}

TEST_F(PublishingTest, AWrongDocumentIsRefusedWithEveryReason) {
  const auto answer = Write("POST", "/publish", R"({"name":"a/b","packages":[{}]})");
  EXPECT_EQ(answer.status, 422);
  const json problem = json::parse(answer.body);
  ASSERT_GE(problem["errors"].size(), 4u);
  EXPECT_EQ(problem["errors"][0]["location"], "/description");
  EXPECT_EQ(problem["errors"][0]["message"], "is missing");
  Refused(400, "POST", "/publish", "{");
  Refused(400, "POST", "/publish", R"({"name":"a/b","name":"a/c"})");
}

TEST_F(PublishingTest, AnEditReplacesTheDocumentOfItsVersion) {
  Written("POST", "/publish", Document("a/b", "1.0.0", "first"));
  const json edited =
      Written("PUT", "/servers/a%2Fb/versions/1.0.0", Document("a/b", "1.0.0", "better"));
  EXPECT_EQ(edited["server"]["description"], "better");
  EXPECT_EQ(catalog_.Get("Server", "a/b")->server().description(), "better");
  Refused(400, "PUT", "/servers/a%2Fb/versions/1.0.0", Document("a/b", "1.0.1"));
  Refused(400, "PUT", "/servers/a%2Fb/versions/1.0.0", Document("a/c", "1.0.0"));
  Refused(404, "PUT", "/servers/a%2Fb/versions/2.0.0", Document("a/b", "2.0.0"));
}

TEST_F(PublishingTest, AStatusIsSetAndTakenBack) {
  Written("POST", "/publish", Document("a/b", "1.0.0"));
  const std::string path = "/servers/a%2Fb/versions/1.0.0/status";
  const json deprecated =
      Written("PATCH", path, R"({"status":"deprecated","statusMessage":"use c"})");
  EXPECT_EQ(deprecated["_meta"][kOfficial]["status"], "deprecated");
  EXPECT_EQ(deprecated["_meta"][kOfficial]["statusMessage"], "use c");
  EXPECT_THAT(Refused(400, "PATCH", path, R"({"status":"deprecated","statusMessage":"use c"})"),
              HasSubstr("No changes to apply: status is already deprecated"));
  Refused(400, "PATCH", path, R"({"status":"active","statusMessage":"why"})");
  Refused(400, "PATCH", path, R"({"status":"asleep"})");
  Refused(400, "PATCH", path,
          json{{"status", "deprecated"}, {"statusMessage", std::string(501, 'x')}}.dump());
  const json active = Written("PATCH", path, R"({"status":"active"})");
  EXPECT_FALSE(active["_meta"][kOfficial].contains("statusMessage"));
}

TEST_F(PublishingTest, ADeletedVersionIsATombstoneThatCanBeRaised) {
  Written("POST", "/publish", Document("a/b", "1.0.0"));
  EXPECT_EQ(Written("DELETE", "/servers/a%2Fb/versions/1.0.0")["_meta"][kOfficial]["status"],
            "deleted");
  EXPECT_THAT(Listed(""), ElementsAre());
  EXPECT_THAT(Listed("include_deleted=true"), ElementsAre("a/b@1.0.0"));
  Refused(404, "DELETE", "/servers/a%2Fb/versions/1.0.0");
  Refused(404, "PUT", "/servers/a%2Fb/versions/1.0.0", Document("a/b", "1.0.0"));
  Written("PATCH", "/servers/a%2Fb/versions/1.0.0/status", R"({"status":"active"})");
  EXPECT_THAT(Listed(""), ElementsAre("a/b@1.0.0"));
}

TEST_F(PublishingTest, TheStatusOfAllVersionsChangesAtOnce) {
  for (const char* version : {"1.0.0", "2.0.0", "3.0.0"})
    Written("POST", "/publish", Document("a/b", version));
  Written("PATCH", "/servers/a%2Fb/versions/1.0.0/status", R"({"status":"deprecated"})");
  const std::int64_t before = catalog_.revision();
  const json all = Written("PATCH", "/servers/a%2Fb/status", R"({"status":"deprecated"})");
  EXPECT_EQ(all["updatedCount"], 2);
  EXPECT_EQ(all["servers"].size(), 2u);
  EXPECT_EQ(catalog_.revision(), before + 2);
  Refused(400, "PATCH", "/servers/a%2Fb/status", R"({"status":"deprecated"})");
  Refused(404, "PATCH", "/servers/no%2Fbody/status", R"({"status":"deprecated"})");
}

TEST_F(PublishingTest, APublishersNewServerIsADraftThatStaysTheirs) {
  Be("publisher", "a");
  const json published = Written("POST", "/publish", Document("a/b", "1.0.0"));
  EXPECT_EQ(published["_meta"][kOwn]["approval"], "draft");
  Written("PUT", "/servers/a%2Fb/versions/1.0.0", Document("a/b", "1.0.0", "better"));
  EXPECT_THAT(Refused(403, "POST", "/publish", Document("other/b", "1.0.0")),
              HasSubstr("role publisher in namespace other"));
  caller_.principal = {};
  EXPECT_THAT(Listed(""), ElementsAre());
}

TEST_F(PublishingTest, ANewVersionLeavesWhatAnApproverDecidedAlone) {
  Written("POST", "/publish", Document("a/b", "1.0.0"));
  Be("publisher");
  Written("POST", "/publish", Document("a/b", "1.1.0"));
  EXPECT_EQ(catalog_.Get("Server", "a/b")->server().approval(), v1::Approval::APPROVED);
}

struct Row {
  const char* method;
  const char* path;
  const char* body;
};

// Whose namespace it is not learns nothing of what is there.
TEST_F(PublishingTest, EveryWriteNeedsRolePublisher) {
  Written("POST", "/publish", Document("a/b", "1.0.0"));
  const std::string document = Document("a/b", "1.0.0");
  const Row kWrites[] = {
      {"POST", "/publish", R"({"name":"a/b","description":"D","version":"2"})"},
      {"PUT", "/servers/a%2Fb/versions/1.0.0", document.c_str()},
      {"DELETE", "/servers/a%2Fb/versions/9.9.9", ""},
      {"PATCH", "/servers/a%2Fb/versions/9.9.9/status", R"({"status":"active"})"},
      {"PATCH", "/servers/a%2Fb/status", R"({"status":"active"})"}};
  for (const Row& row : kWrites) {
    for (const char* role : {"viewer", "approver", "operator"}) {
      Be(role);
      EXPECT_EQ(Write(row.method, row.path, row.body).status, 403) << row.path << " by " << role;
    }
    Be("publisher", "elsewhere");
    EXPECT_EQ(Write(row.method, row.path, row.body).status, 403) << row.path;
    caller_.principal = {};
    EXPECT_EQ(Write(row.method, row.path, row.body).status, 401) << row.path;
    Be("publisher", "a");
    const int status = Write(row.method, row.path, row.body).status;
    EXPECT_TRUE(status != 401 && status != 403) << row.path << " " << status;
  }
}

TEST_F(PublishingTest, WhatIsRefusedIsTold) {
  Be("publisher", "elsewhere");
  Refused(403, "POST", "/publish", Document("a/b", "1.0.0"));
  caller_.principal = {};
  Refused(401, "DELETE", "/servers/a%2Fb/versions/1.0.0");
  EXPECT_THAT(refused_, ElementsAre("Publish PERMISSION_DENIED", "Delete UNAUTHENTICATED"));
}

TEST_F(PublishingTest, ValidatingWritesNothingAndSaysEverything) {
  EXPECT_EQ(Written("POST", "/validate", Document("a/b", "1.0.0"))["valid"], true);
  const json wrong = Written("POST", "/validate", R"({"name":"a/b"})");
  EXPECT_EQ(wrong["valid"], false);
  EXPECT_EQ(wrong["issues"][0]["path"], "/description");
  EXPECT_EQ(wrong["issues"][0]["severity"], "error");
  EXPECT_EQ(Written("POST", "/validate", "{")["valid"], false);
  EXPECT_EQ(catalog_.revision(), 0);
}

TEST_F(PublishingTest, OneOfOurTokensBecomesARegistryTokenAndNothingElseDoes) {
  caller_.principal = {};
  Refused(401, "POST", "/auth/none");
  Refused(401, "POST", "/auth/github-at", R"({"github_token":"gho_somebodys"})");
  Refused(501, "POST", "/auth/dns", "{}");
  Refused(404, "POST", "/auth/else", "{}");
  const json issued =
      Written("POST", "/auth/github-at", json{{"github_token", keys_.admin_token}}.dump());
  const std::string bearer = "Bearer " + issued["registry_token"].get<std::string>();
  const auto by = [&](std::string_view face) {
    return authenticator_.Identify({.authorization = bearer,
                                    .api_key = {},
                                    .session = {},
                                    .local = false,
                                    .address = {},
                                    .face = face});
  };
  const auto caller = by("registry_api");
  ASSERT_TRUE(caller.has_value()) << caller.error().message;
  EXPECT_TRUE(caller->admin());
  EXPECT_TRUE(by("api").has_error());
  EXPECT_TRUE(by("mcp").has_error());
  caller_ = *caller;
  Written("POST", "/publish", Document("a/b", "1.0.0"));
  // It cannot live for ever.
  Refused(403, "POST", "/auth/none");
}

TEST_F(PublishingTest, EveryRealEntryIsPublishedAndComesBackEqual) {
  std::ifstream in(TEST_DATA "/registry/servers-valid-2025-12-11.json");
  for (const json& entry : json::parse(in))
    EXPECT_EQ(Written("POST", "/publish", entry.dump())["server"], entry);
}

// ---- Addresses that read

TEST_F(PublishingTest, ACapabilityReadsAsItsKeyAndEndsWithIt) {
  Written("POST", "/publish", Document("a/b", "1.0.0"));
  const base::auth::NewKey key = base::auth::GenerateKey();
  v1::ApplyRequest apply;
  apply.add_resources()->set_name("alice");
  apply.mutable_resources(0)->mutable_consumer();
  v1::Resource& resource = *apply.add_resources();
  resource.set_name(key.id);
  resource.mutable_api_key()->set_consumer("alice");
  resource.mutable_api_key()->set_sha256(key.sha256);
  ASSERT_TRUE(catalog_.Apply(caller_.writer(), apply).has_value());
  const std::string capability = base::auth::ReadCapability::For(key.key)->ToString();
  EXPECT_EQ(capability.find(key.key.substr(17)), std::string::npos);
  const auto caller = authenticator_.IdentifyCapability(capability, "", "registry_api");
  ASSERT_TRUE(caller.has_value()) << caller.error().message;
  EXPECT_EQ(caller->principal.id, "consumer/alice");
  EXPECT_FALSE(caller->local);

  std::string other = capability;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  EXPECT_TRUE(authenticator_.IdentifyCapability(other, "", "").has_error());
  EXPECT_TRUE(authenticator_.IdentifyCapability(key.key, "", "").has_error());
  EXPECT_TRUE(authenticator_.IdentifyCapability("tok_admin_x", "", "").has_error());
  v1::Resource revoked = *catalog_.Get("ApiKey", key.id);
  revoked.mutable_api_key()->set_revoked(true);
  v1::PutRequest put;
  *put.mutable_resource() = revoked;
  ASSERT_TRUE(catalog_.Put(caller_.writer(), put).has_value());
  EXPECT_TRUE(authenticator_.IdentifyCapability(capability, "", "").has_error());
}

// ---- The organisation's own metadata

class PublishedMetadataTest : public PublishingTest {
 protected:
  PublishedMetadataTest() {
    v1::PutRequest request;
    request.mutable_resource()->set_name("costCenter");
    v1::MetadataSchema& schema = *request.mutable_resource()->mutable_metadata_schema();
    schema.set_schema_json(R"({"type":"integer"})");
    schema.set_required(true);
    EXPECT_TRUE(catalog_.Put(caller_.writer(), request).has_value());
  }
  static std::string With(const std::string& version, const json& metadata) {
    json document = json::parse(Document("a/b", version));
    document["_meta"]["io.modelcontextprotocol.registry/publisher-provided"]
            ["io.portolan.registry/metadata"] = metadata;
    return document.dump();
  }
};

TEST_F(PublishedMetadataTest, TheValuesOfADocumentAreThoseOfItsServer) {
  const json answer = Written("POST", "/publish", With("1.0.0", {{"costCenter", 4711}}));
  EXPECT_EQ(answer["_meta"][kOwn]["metadata"], json::parse(R"({"costCenter":4711})"));
  // What a later version does not say stays.
  const json next = Written("POST", "/publish", Document("a/b", "2.0.0"));
  EXPECT_EQ(next["_meta"][kOwn]["metadata"], json::parse(R"({"costCenter":4711})"));
}

TEST_F(PublishedMetadataTest, WhatIsMissingOrDoesNotFitIsToldWithItsPlace) {
  EXPECT_THAT(Refused(422, "POST", "/publish", Document("a/b", "1.0.0")),
              HasSubstr("io.portolan.registry~1metadata/costCenter: is missing"));
  const auto wrong =
      json::parse(Write("POST", "/publish", With("1.0.0", {{"costCenter", "x"}})).body);
  EXPECT_EQ(wrong["status"], 422);
  EXPECT_EQ(wrong["errors"][0]["location"],
            "/_meta/io.modelcontextprotocol.registry~1publisher-provided/"
            "io.portolan.registry~1metadata/costCenter");
}

}  // namespace
}  // namespace registry
