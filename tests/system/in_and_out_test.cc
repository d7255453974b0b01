// An admin brings lists and files into the catalog and takes the catalog out as files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::Finished;
using support::Installation;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kValid = TEST_DATA "/registry/servers-valid-2025-12-11.json";
const std::string kDirty = TEST_DATA "/registry/dirty-import-358.json";

class InAndOutTest : public ::testing::Test {
 protected:
  json Read(const std::string& path) {
    std::ifstream file(path);
    return json::parse(file, nullptr, false);
  }
  std::string Write(const std::string& name, const std::string& content) {
    std::ofstream(folder.path() + "/" + name, std::ios::binary) << content;
    return folder.path() + "/" + name;
  }
  // Every entry of the registry API.
  std::vector<json> Published() {
    std::vector<json> entries;
    std::string cursor;
    do {
      const auto response =
          support::Exchange(portolan.http(), "GET /v0.1/servers?limit=100" +
                                                 (cursor.empty() ? "" : "&cursor=" + cursor) +
                                                 " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      const json page = json::parse(response.body, nullptr, false);
      if (!page.is_object()) break;
      for (const json& entry : page["servers"]) entries.push_back(entry);
      cursor = page["metadata"].value("nextCursor", "");
    } while (!cursor.empty());
    return entries;
  }
  static std::size_t LinesOf(const std::string& text, const std::string& with) {
    std::size_t count = 0;
    for (std::size_t at = text.find(with); at != std::string::npos; at = text.find(with, at + 1))
      ++count;
    return count;
  }

  Installation portolan;
  support::TemporaryFolder folder;
};

TEST_F(InAndOutTest, EveryValidEntryComesInAndComesBackEqual) {
  EXPECT_THAT(portolan.CliOk({"import", kValid}), HasSubstr("231 taken: 231 created"));
  const json entries = Read(kValid);
  const std::vector<json> published = Published();
  for (const json& entry : entries) {
    const auto found = std::find_if(published.begin(), published.end(), [&](const json& one) {
      return one["server"]["name"] == entry["name"] && one["server"]["version"] == entry["version"];
    });
    ASSERT_NE(found, published.end()) << entry["name"];
    EXPECT_EQ((*found)["server"], entry);
  }
  EXPECT_THAT(portolan.CliOk({"import", kValid}), HasSubstr("231 unchanged"));

  // And out, and in again: nothing changes.
  const std::string exported = portolan.CliOk({"export"});
  const std::string applied = portolan.CliOk({"apply", "-f", "-", "-o", "json"}, exported);
  EXPECT_EQ(LinesOf(applied, "\"UNCHANGED\""), LinesOf(applied, "\n"));
  EXPECT_GE(LinesOf(applied, "\n"), 400u);
  EXPECT_EQ(portolan.CliOk({"export"}), exported);

  // Also into an empty catalog, as one object a line.
  Installation other;
  other.CliOk({"apply", "-f", "-"}, portolan.CliOk({"export", "-o", "json"}));
  EXPECT_EQ(other.CliOk({"export"}), exported);
}

TEST_F(InAndOutTest, EveryRefusedEntryHasOneReason) {
  const Finished imported = portolan.Cli({"import", kDirty});
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(LinesOf(imported.err, "✗ refused"), 143u);
  EXPECT_THAT(imported.out, HasSubstr("215 taken"));
  EXPECT_THAT(imported.out, HasSubstr("143 refused"));
  EXPECT_THAT(imported.err, HasSubstr("/description: "));
  // As data: a line for each, refused or not.
  const std::string rows = portolan.CliOk({"import", kDirty, "--dry-run", "-o", "json"});
  EXPECT_EQ(LinesOf(rows, "\n"), 358u);
  EXPECT_EQ(LinesOf(rows, "\"reason\":\"/"), 143u);
}

TEST_F(InAndOutTest, ARegistrysAnswerBringsItsStatusAlong) {
  const std::string path = Write("answer.json", R"({"servers": [
    {"server": {"name": "io.a/b", "description": "B", "version": "1.0.0"},
     "_meta": {"io.modelcontextprotocol.registry/official": {"status": "deprecated", "statusMessage": "use c"}}},
    {"server": {"name": "io.a/b", "description": "B, newer", "version": "1.1.0"}, "_meta": {}},
    {"server": {"name": "io.a/c", "version": "1"}},
    7
  ], "metadata": {"count": 4}})");
  const Finished imported = portolan.Cli({"import", path});
  EXPECT_EQ(imported.exit_code, 0);
  EXPECT_THAT(imported.out, HasSubstr("2 taken: 2 created"));
  EXPECT_THAT(imported.err,
              HasSubstr("answer.json:5   io.a/c@1   /servers/2/server/description: "));
  EXPECT_THAT(imported.err, HasSubstr("answer.json:6   (no name)   /servers/3: must be an object"));
  const auto version = portolan.CliOk({"export", "serverversion"});
  EXPECT_THAT(version, HasSubstr("status: DEPRECATED"));
  EXPECT_THAT(version, HasSubstr("status_message: use c"));
  EXPECT_THAT(portolan.CliOk({"show", "io.a/b", "-o", "json"}), HasSubstr("\"B, newer\""));
}

TEST_F(InAndOutTest, AListOfNothingButMistakesFails) {
  EXPECT_EQ(portolan.Cli({"import", Write("bad.json", "[{}]")}).exit_code, 2);
  EXPECT_EQ(portolan.Cli({"import", Write("none.json", "[1,")}).exit_code, 2);
  EXPECT_EQ(portolan.Cli({"import", folder.path() + "/nowhere.json"}).exit_code, 2);
}

TEST_F(InAndOutTest, WhatIsRoutedIsNotDescribedAnewByAnImport) {
  portolan.Apply(
      "kind: Server\nname: io.a/b\nspec:\n  description: ours\n  owner: me\n"
      "  endpoint: {streamable_http: {url: 'http://127.0.0.1:9/mcp'}}\n");
  portolan.CliOk(
      {"import",
       Write("one.json", R"({"name": "io.a/b", "description": "theirs", "version": "2"})")});
  const std::string shown = portolan.CliOk({"export", "server"});
  EXPECT_THAT(shown, HasSubstr("description: ours"));
  EXPECT_THAT(shown, HasSubstr("current_version: \"2\""));
  EXPECT_THAT(shown, HasSubstr("streamable_http"));
}

TEST_F(InAndOutTest, ASetIsPrunedOfWhatItsFilesLack) {
  portolan.Apply("{kind: Server, name: local/by-hand, spec: {}}");
  std::filesystem::create_directories(folder.path() + "/conf");
  Write("conf/a.yaml", "{kind: Server, name: local/a, spec: {description: first}}\n");
  Write("conf/b.yaml",
        "kind: Server\nname: local/b\nspec: {}\n---\nkind: Consumer\nname: alice\nspec: {}\n");
  const std::string conf = folder.path() + "/conf";
  portolan.CliOk({"apply", "-f", conf, "--set", "conf"});
  portolan.Apply(
      "{kind: PolicySet, name: p, spec: {attach: {server: local/b}, rules: [{id: a, ip: {allow: "
      "[10.0.0.0/8]}}]}}");

  std::filesystem::remove(conf + "/b.yaml");
  Write("conf/a.yaml", "{kind: Server, name: local/a, spec: {description: second}}\n");
  const std::vector<std::string> words = {"apply", "-f", conf, "--set", "conf", "--prune"};
  std::vector<std::string> dry = words;
  dry.emplace_back("--dry-run");
  const Finished told = portolan.Cli(dry);
  EXPECT_THAT(told.out, HasSubstr("/spec/description"));
  EXPECT_THAT(told.out, HasSubstr("- \"first\""));
  EXPECT_THAT(told.out, HasSubstr("+ \"second\""));
  EXPECT_THAT(told.out, HasSubstr("PolicySet 'p' is attached to it"));
  EXPECT_THAT(told.err, HasSubstr("1 changed, 2 removed; a dry run: nothing was written"));
  EXPECT_THAT(portolan.CliOk({"ls", "-o", "name"}), HasSubstr("local/b\n"));

  EXPECT_THAT(portolan.Cli(words).err, HasSubstr("1 changed, 2 removed"));
  EXPECT_EQ(portolan.CliOk({"ls", "-o", "name"}), "local/a\nlocal/by-hand\n");
  EXPECT_EQ(portolan.Cli({"apply", "-f", conf, "--prune"}).exit_code, 2);
}

TEST_F(InAndOutTest, AnErrorNamesTheFileAndTheLine) {
  const std::string path =
      Write("two.yaml",
            "kind: Server\nname: local/a\nspec: {}\n---\n"
            "kind: Server\nname: local/b\nspec:\n  tags: [x]\n  base_pth: b\n");
  const Finished unknown = portolan.Cli({"apply", "-f", path});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("two.yaml:9: /spec/base_pth: unknown field"));
  const Finished refused = portolan.Cli(
      {"apply", "-f", Write("one.yaml", "kind: Server\nname: local/b\nspec:\n  tags: [x, NO]\n")});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("one.yaml:4: /spec/tags/1"));
}

TEST_F(InAndOutTest, EveryKindThatAFileMakesGoesOutAndInUnchanged) {
  portolan.Apply(R"(
kind: Server
name: local/p
spec:
  description: "a: b # c"
  endpoint:
    stdio: {command: sh, args: [-c, "exit 0"], env: [{name: API_TOKEN, value: geheim}, {name: MODE, value: fast}]}
  approval: DRAFT
  tags: [x, y]
  visibility: {audiences: ["group:a"]}
---
kind: ServerVersion
name: local/p@1.0.0
spec: {server_json: '{"name":"local/p","description":"P","version":"1.0.0"}'}
---
kind: Consumer
name: alice
spec: {tenant: t}
---
kind: PolicySet
name: p
spec: {attach: {global: true}, rules: [{id: a, ip: {allow: [127.0.0.0/8]}}]}
)");
  portolan.CliOk({"key", "create", "alice"});
  const std::string exported = portolan.CliOk({"export"});
  EXPECT_THAT(exported, Not(HasSubstr("geheim")));
  EXPECT_THAT(exported, Not(HasSubstr("revision")));
  EXPECT_THAT(exported, Not(HasSubstr("sha256")));
  for (const std::string& text : {exported, portolan.CliOk({"export", "apikey"})}) {
    const Finished applied = portolan.Cli({"apply", "-f", "-"}, text);
    EXPECT_EQ(applied.exit_code, 0) << applied.err;
    EXPECT_THAT(applied.err, Not(HasSubstr(" changed")));
    EXPECT_THAT(applied.err, HasSubstr("unchanged"));
  }
  EXPECT_EQ(portolan.Cli({"export", "nonsense"}).exit_code, 2);
}

}  // namespace
