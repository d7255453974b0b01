#include "cli/editors.h"

#include <gtest/gtest.h>

namespace cli {
namespace {

Surroundings Linux() {
  Surroundings where;
  where.home = "/home/a";
  where.working_directory = "/w";
  return where;
}

Way ToFs() {
  Way way;
  way.url = "http://127.0.0.1:8900/fs/mcp";
  way.command = {"/usr/bin/portolan", "stdio", "fs"};
  return way;
}

TEST(EditorsTest, KnowsWhereEachKeepsItsSettings) {
  const Surroundings where = Linux();
  EXPECT_EQ(UserConfig(Editor::kVsCode, where), "/home/a/.config/Code/User/mcp.json");
  EXPECT_EQ(UserConfig(Editor::kCursor, where), "/home/a/.cursor/mcp.json");
  EXPECT_EQ(UserConfig(Editor::kClaudeCode, where), "/home/a/.claude.json");
  EXPECT_EQ(UserConfig(Editor::kClaudeDesktop, where),
            "/home/a/.config/Claude/claude_desktop_config.json");
  EXPECT_EQ(ProjectConfig(Editor::kVsCode, where), "/w/.vscode/mcp.json");
  EXPECT_EQ(ProjectConfig(Editor::kCursor, where), "/w/.cursor/mcp.json");
  EXPECT_EQ(ProjectConfig(Editor::kClaudeCode, where), "/w/.mcp.json");
  EXPECT_EQ(ProjectConfig(Editor::kClaudeDesktop, where), "");
}

TEST(EditorsTest, GoesWhereTheSystemSays) {
  Surroundings where = Linux();
  where.config_home = "/cfg";
  where.claude_config = "/cl";
  EXPECT_EQ(UserConfig(Editor::kVsCode, where), "/cfg/Code/User/mcp.json");
  EXPECT_EQ(UserConfig(Editor::kClaudeCode, where), "/cl/.claude.json");
  where.system = Surroundings::System::kMac;
  EXPECT_EQ(UserConfig(Editor::kClaudeDesktop, where),
            "/home/a/Library/Application Support/Claude/claude_desktop_config.json");
}

TEST(EditorsTest, SpeaksHttpWhereItIsSpoken) {
  EXPECT_EQ(EntryFor(Editor::kVsCode, ToFs()).dump(),
            R"({"type":"http","url":"http://127.0.0.1:8900/fs/mcp"})");
  EXPECT_EQ(EntryFor(Editor::kCursor, ToFs()).dump(), R"({"url":"http://127.0.0.1:8900/fs/mcp"})");
  EXPECT_EQ(EntryFor(Editor::kClaudeCode, ToFs()).dump(),
            R"({"type":"http","url":"http://127.0.0.1:8900/fs/mcp"})");
  EXPECT_EQ(EntryFor(Editor::kClaudeDesktop, ToFs()).dump(),
            R"({"command":"/usr/bin/portolan","args":["stdio","fs"]})");
}

TEST(EditorsTest, AsksForTheKeyAndNeverHoldsIt) {
  Way way = ToFs();
  way.needs_key = true;
  EXPECT_EQ(EntryFor(Editor::kVsCode, way)["headers"].dump(),
            R"({"X-Api-Key":"${input:portolan-key}"})");
  EXPECT_EQ(EntryFor(Editor::kCursor, way)["headers"].dump(),
            R"({"X-Api-Key":"${env:PORTOLAN_KEY}"})");
  EXPECT_EQ(EntryFor(Editor::kClaudeCode, way)["headers"].dump(),
            R"({"X-Api-Key":"${PORTOLAN_KEY}"})");
}

TEST(EditorsTest, RecognisesItsOwnEntry) {
  for (const Editor editor :
       {Editor::kVsCode, Editor::kCursor, Editor::kClaudeCode, Editor::kClaudeDesktop}) {
    EXPECT_TRUE(LeadsTo(EntryFor(editor, ToFs()), ToFs()));
  }
  EXPECT_FALSE(LeadsTo({{"url", "http://other/mcp"}}, ToFs()));
  EXPECT_FALSE(LeadsTo({{"command", "npx"}, {"args", {"-y", "fs"}}}, ToFs()));
}

}  // namespace
}  // namespace cli
