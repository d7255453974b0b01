#include "cli/editors.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

namespace cli {
namespace {

using nlohmann::ordered_json;

constexpr char kKeyHeader[] = "X-Api-Key";

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Where the system keeps programs' settings.
std::string SettingsFolder(const Surroundings& where) {
  if (where.system == Surroundings::System::kMac)
    return where.home + "/Library/Application Support";
  return where.config_home.empty() ? where.home + "/.config" : where.config_home;
}

// The word by which each client fills in a secret that it is given by its person.
std::string KeyPlaceholder(Editor editor) {
  switch (editor) {
    case Editor::kVsCode: return "${input:portolan-key}";
    case Editor::kCursor: return "${env:PORTOLAN_KEY}";
    case Editor::kClaudeCode:
    case Editor::kClaudeDesktop: break;
  }
  return "${PORTOLAN_KEY}";
}

}  // namespace

const std::vector<std::string>& EditorNames() {
  static const std::vector<std::string> names = {"vscode", "cursor", "claude-code",
                                                 "claude-desktop"};
  return names;
}

std::optional<Editor> EditorOf(std::string_view name) {
  const auto& names = EditorNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Editor>(found - names.begin());
}

std::string_view DisplayName(Editor editor) {
  switch (editor) {
    case Editor::kVsCode: return "VS Code";
    case Editor::kCursor: return "Cursor";
    case Editor::kClaudeCode: return "Claude Code";
    case Editor::kClaudeDesktop: return "Claude Desktop";
  }
  return "";
}

Surroundings Surroundings::Here() {
  Surroundings here;
#ifdef __APPLE__
  here.system = System::kMac;
#endif
  here.home = Variable("HOME");
  here.config_home = Variable("XDG_CONFIG_HOME");
  here.claude_config = Variable("CLAUDE_CONFIG_DIR");
  char folder[PATH_MAX];
  if (getcwd(folder, sizeof folder)) here.working_directory = folder;
  return here;
}

std::string UserConfig(Editor editor, const Surroundings& where) {
  switch (editor) {
    case Editor::kVsCode: return SettingsFolder(where) + "/Code/User/mcp.json";
    case Editor::kCursor: return where.home + "/.cursor/mcp.json";
    case Editor::kClaudeCode:
      return (where.claude_config.empty() ? where.home : where.claude_config) + "/.claude.json";
    case Editor::kClaudeDesktop:
      return SettingsFolder(where) + "/Claude/claude_desktop_config.json";
  }
  return "";
}

std::string ProjectConfig(Editor editor, const Surroundings& where) {
  switch (editor) {
    case Editor::kVsCode: return where.working_directory + "/.vscode/mcp.json";
    case Editor::kCursor: return where.working_directory + "/.cursor/mcp.json";
    case Editor::kClaudeCode: return where.working_directory + "/.mcp.json";
    case Editor::kClaudeDesktop: break;
  }
  return "";
}

std::string_view ListName(Editor editor) {
  return editor == Editor::kVsCode ? "servers" : "mcpServers";
}

ordered_json EntryFor(Editor editor, const Way& way) {
  ordered_json entry = ordered_json::object();
  if (editor == Editor::kClaudeDesktop) {
    entry["command"] = way.command.front();
    entry["args"] = std::vector<std::string>(way.command.begin() + 1, way.command.end());
    return entry;
  }
  if (editor != Editor::kCursor) entry["type"] = "http";
  entry["url"] = way.url;
  if (way.needs_key) entry["headers"] = {{kKeyHeader, KeyPlaceholder(editor)}};
  return entry;
}

bool LeadsTo(const ordered_json& entry, const Way& way) {
  if (!entry.is_object()) return false;
  if (const auto url = entry.find("url"); url != entry.end()) return *url == way.url;
  const auto arguments = entry.find("args");
  return entry.contains("command") && arguments != entry.end() && !way.command.empty() &&
         *arguments == std::vector<std::string>(way.command.begin() + 1, way.command.end());
}

}  // namespace cli
