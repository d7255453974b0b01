// A developer connects an editor to a server, changes her mind, and brings in what the editor had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/installation.h"

namespace {

namespace fs = std::filesystem;
using support::DemoServer;
using support::Finished;
using support::Installation;
using ::testing::HasSubstr;
using ::testing::Not;

class EditorSettingsTest : public ::testing::Test {
 protected:
  // `portolan` with a home of its own, in a project of its own.
  Finished Cli(const std::vector<std::string>& words) {
    fs::create_directories(project);
    std::vector<std::string> argv = {"/usr/bin/env",
                                     "--chdir=" + project,
                                     "-u",
                                     "XDG_CONFIG_HOME",
                                     "-u",
                                     "CLAUDE_CONFIG_DIR",
                                     "HOME=" + home.path(),
                                     support::BinaryFolder() + "/portolan",
                                     "--data",
                                     portolan.data()};
    argv.insert(argv.end(), words.begin(), words.end());
    return support::RunProgram(argv);
  }
  Finished CliOk(const std::vector<std::string>& words) {
    Finished finished = Cli(words);
    EXPECT_EQ(finished.exit_code, 0) << words.front() << "\n" << finished.out << finished.err;
    return finished;
  }
  std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& path, const std::string& content) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  std::string FsUrl() { return portolan.gateway() + "/fs/mcp"; }

  support::TemporaryFolder home;
  const std::string project = home.path() + "/project";
  Installation portolan;
  DemoServer server;
};

TEST_F(EditorSettingsTest, EachEditorIsConnectedInItsOwnForm) {
  portolan.CliOk({"add", "fs", server.url()});
  CliOk({"connect", "vscode", "fs"});
  EXPECT_EQ(Read(home.path() + "/.config/Code/User/mcp.json"),
            "{\n  \"servers\": {\n    \"fs\": {\n      \"type\": \"http\",\n      \"url\": \"" +
                FsUrl() + "\"\n    }\n  }\n}\n");
  CliOk({"connect", "cursor", "fs"});
  EXPECT_EQ(
      Read(home.path() + "/.cursor/mcp.json"),
      "{\n  \"mcpServers\": {\n    \"fs\": {\n      \"url\": \"" + FsUrl() + "\"\n    }\n  }\n}\n");
  CliOk({"connect", "claude-code", "fs", "--project"});
  EXPECT_EQ(Read(project + "/.mcp.json"),
            "{\n  \"mcpServers\": {\n    \"fs\": {\n      \"type\": \"http\",\n      \"url\": \"" +
                FsUrl() + "\"\n    }\n  }\n}\n");
  CliOk({"connect", "claude-desktop", "fs"});
  EXPECT_EQ(Read(home.path() + "/.config/Claude/claude_desktop_config.json"),
            "{\n  \"mcpServers\": {\n    \"fs\": {\n      \"command\": \"" +
                fs::canonical(support::BinaryFolder() + "/portolan").string() +
                "\",\n      \"args\": [\"--data\", \"" + portolan.data() +
                "\", \"stdio\", \"fs\"]\n    }\n  }\n}\n");
  // Without a server: the tools that find the others.
  CliOk({"connect", "cursor", "--project"});
  EXPECT_THAT(Read(project + "/.cursor/mcp.json"),
              HasSubstr("\"portolan\": {\n      \"url\": \"" + portolan.http() + "/mcp\""));
}

TEST_F(EditorSettingsTest, WhatAPersonWroteStaysToTheByte) {
  portolan.CliOk({"add", "fs", server.url()});
  const std::string path = home.path() + "/.cursor/mcp.json";
  const std::string before =
      "// mine\n{\n\t\"mcpServers\": {\n\t\t\"own\": { \"url\": \"https://h.example/mcp\" }, // "
      "keep\n\t},\n}\n";
  Write(path, before);
  CliOk({"connect", "cursor", "fs"});
  const std::string after = Read(path);
  EXPECT_EQ(after,
            "// mine\n{\n\t\"mcpServers\": {\n\t\t\"own\": { \"url\": "
            "\"https://h.example/mcp\" }, // keep\n\t\t\"fs\": {\n\t\t\t\"url\": \"" +
                FsUrl() + "\"\n\t\t},\n\t},\n}\n");
  EXPECT_THAT(CliOk({"connect", "cursor", "fs"}).out, HasSubstr("nothing to change"));
  EXPECT_EQ(Read(path), after);
  CliOk({"disconnect", "cursor", "fs"});
  EXPECT_EQ(Read(path), before);
  CliOk({"connect", "cursor", "--undo"});
  EXPECT_EQ(Read(path), after);
  CliOk({"connect", "cursor", "--undo"});
  EXPECT_EQ(Read(path), before);
  EXPECT_EQ(Cli({"connect", "cursor", "--undo"}).exit_code, 3);
}

TEST_F(EditorSettingsTest, PrintingWritesNothing) {
  portolan.CliOk({"add", "fs", server.url()});
  const Finished printed = CliOk({"connect", "vscode", "fs", "--print"});
  EXPECT_EQ(nlohmann::json::parse(printed.out)["servers"]["fs"]["url"], FsUrl());
  EXPECT_THAT(printed.err, HasSubstr(".config/Code/User/mcp.json"));
  EXPECT_FALSE(fs::exists(home.path() + "/.config"));
}

TEST_F(EditorSettingsTest, NothingIsBrokenAndNothingOfOthersIsTaken) {
  portolan.CliOk({"add", "fs", server.url()});
  EXPECT_EQ(Cli({"connect", "cursor", "nobody"}).exit_code, 3);
  EXPECT_EQ(Cli({"connect", "claude-desktop", "fs", "--project"}).exit_code, 2);
  EXPECT_EQ(Cli({"connect", "emacs", "fs"}).exit_code, 2);
  const std::string path = home.path() + "/.cursor/mcp.json";
  Write(path, "{\n  \"mcpServers\": {\n    \"fs\": {\"command\": \"mine\"}\n  }\n}\n");
  const std::string before = Read(path);
  const Finished taken = Cli({"connect", "cursor", "fs"});
  EXPECT_EQ(taken.exit_code, 2);
  EXPECT_THAT(taken.err, HasSubstr("--replace"));
  CliOk({"disconnect", "cursor"});
  EXPECT_EQ(Read(path), before);
  CliOk({"connect", "cursor", "fs", "--replace"});
  EXPECT_THAT(Read(path), HasSubstr(FsUrl()));
  Write(path, "{ broken\n");
  const Finished broken = Cli({"connect", "cursor", "fs"});
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_THAT(broken.err, HasSubstr("line 1, column 3"));
  EXPECT_EQ(Read(path), "{ broken\n");
}

TEST_F(EditorSettingsTest, AKeyIsAskedForAndNeverWritten) {
  portolan.CliOk({"add", "fs", server.url()});
  CliOk({"--key", "ptl_geheim", "connect", "vscode", "fs"});
  const std::string written = Read(home.path() + "/.config/Code/User/mcp.json");
  EXPECT_THAT(written, Not(HasSubstr("geheim")));
  const auto tree = nlohmann::json::parse(written);
  EXPECT_EQ(tree["servers"]["fs"]["headers"]["X-Api-Key"], "${input:portolan-key}");
  EXPECT_EQ(tree["inputs"][0]["id"], "portolan-key");
}

TEST_F(EditorSettingsTest, WhatTheEditorHadComesInOnceWithoutItsSecretsAndGoesAgain) {
  portolan.CliOk({"add", "by-hand", server.url()});
  Write(home.path() + "/.cursor/mcp.json", R"({
  // what I use
  "mcpServers": {
    "Same": {"url": ")" + server.url() + R"(/"},
    "gh": {"command": "npx", "args": ["-y", "server-github"], "env": {"GITHUB_TOKEN": "ghp_geheimgeheimgeheim"}},
    "time": {"command": "no-such-program-here", "args": ["--utc"]},
    "broken": {"args": []},
  }
})");
  const Finished added = CliOk({"add", "--from", "cursor"});
  EXPECT_THAT(added.out, HasSubstr("Same   is there as local/by-hand"));
  EXPECT_THAT(added.out, HasSubstr("2 added, 1 there already, 1 left out"));
  EXPECT_THAT(added.out, HasSubstr("--env GITHUB_TOKEN=…"));
  EXPECT_THAT(added.err, HasSubstr("mcp.json:7   broken   has neither a command nor a URL"));
  const std::string exported = portolan.CliOk({"export"});
  EXPECT_THAT(exported + added.out + added.err, Not(HasSubstr("geheim")));
  EXPECT_THAT(exported, HasSubstr("name: local/gh"));
  EXPECT_THAT(exported, HasSubstr("approval: DRAFT"));
  EXPECT_THAT(CliOk({"add", "--from", "cursor"}).out, HasSubstr("0 added, 3 there already"));

  CliOk({"add", "--from", "cursor", "--undo"});
  EXPECT_EQ(portolan.CliOk({"ls", "-o", "name"}), "local/by-hand\n");
  EXPECT_EQ(Cli({"add", "--from", "cursor", "--undo"}).exit_code, 3);
}

TEST_F(EditorSettingsTest, WhatLeadsHereIsNotAddedToItself) {
  portolan.CliOk({"add", "fs", server.url()});
  CliOk({"connect", "vscode", "fs", "--project"});
  const Finished added = CliOk({"add", "--from", "vscode"});
  EXPECT_THAT(added.out, HasSubstr("leads here already"));
  EXPECT_EQ(portolan.CliOk({"ls", "-o", "name"}), "local/fs\n");
}

}  // namespace
