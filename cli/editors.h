// The editors and assistants that Portolan knows: where each keeps its list of MCP servers, and how
// an entry of that list looks.
//
// | editor | everywhere | of a project | list |
// |---|---|---|---|
// | vscode | Code/User/mcp.json | .vscode/mcp.json | `servers` |
// | cursor | ~/.cursor/mcp.json | .cursor/mcp.json | `mcpServers` |
// | claude-code | ~/.claude.json | .mcp.json | `mcpServers` |
// | claude-desktop | Claude/claude_desktop_config.json | – | `mcpServers` |
//
// The folders Code and Claude lie in $XDG_CONFIG_HOME (~/.config), on macOS in
// ~/Library/Application Support.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

enum class Editor { kVsCode, kCursor, kClaudeCode, kClaudeDesktop };

// `vscode`, `cursor`, `claude-code`, `claude-desktop`
const std::vector<std::string>& EditorNames();
std::optional<Editor> EditorOf(std::string_view name);
// As a person calls it: `VS Code`.
std::string_view DisplayName(Editor editor);

// What the paths depend on; given, so that tests choose it.
struct Surroundings {
  enum class System { kLinux, kMac };

  System system = System::kLinux;
  std::string home;
  std::string config_home;
  // Claude Code's own; empty: the home.
  std::string claude_config;
  std::string working_directory;

  // Of this process.
  static Surroundings Here();
};

// Of the user, everywhere.
std::string UserConfig(Editor editor, const Surroundings& where);
// Of the project in the working directory; empty: the editor knows none.
std::string ProjectConfig(Editor editor, const Surroundings& where);

// The member that holds the servers by their names.
std::string_view ListName(Editor editor);

// How a client gets to an endpoint of ours.
struct Way {
  std::string url;
  // `portolan` as it is started, with its arguments, for clients that only start programs.
  std::vector<std::string> command;
  // The client has to show a key, which the entry asks for and never holds.
  bool needs_key = false;
};
// What stands in the list behind the entry's name.
nlohmann::ordered_json EntryFor(Editor editor, const Way& way);

// Whether an entry leads to `url` or starts such a command.
bool LeadsTo(const nlohmann::ordered_json& entry, const Way& way);

}  // namespace cli
