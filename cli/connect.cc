// connect, disconnect: an editor's list of MCP servers, and us in it.
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <filesystem>
#include <memory>

#include "cli/context.h"
#include "cli/editors.h"
#include "cli/jsonc.h"
#include "cli/jsonc_edit.h"
#include "cli/local_data.h"
#include "cli/mcp_endpoint.h"
#include "cli/settings_file.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

struct Arguments {
  std::string editor;
  std::string server;
  std::string name;
  bool project = false;
  bool print = false;
  bool replace = false;
  bool undo = false;
};

std::string OwnProgram() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "portolan";
}

Way WayTo(const Context& context, const McpEndpoint& endpoint) {
  Way way;
  way.url = endpoint.url;
  // Whoever starts it knows neither our folder nor our PATH.
  way.command = {OwnProgram()};
  const Options& options = context.options();
  if (!options.registry.empty())
    way.command.insert(way.command.end(), {"--registry", options.registry});
  if (!options.data.empty()) {
    way.command.insert(way.command.end(),
                       {"--data", std::filesystem::absolute(options.data).string()});
  }
  way.command.emplace_back("stdio");
  if (!endpoint.base_path.empty()) way.command.push_back(endpoint.base_path);
  way.needs_key = !options.key.empty() || !IsLoopbackAddress(endpoint.url);
  return way;
}

// VS Code asks its person for the key, and keeps it.
ordered_json KeyInput() {
  return {{"type", "promptString"},
          {"id", "portolan-key"},
          {"description", "Portolan API key"},
          {"password", true}};
}

std::string AfterWriting(Editor editor) {
  switch (editor) {
    case Editor::kVsCode: return "start it in VS Code:  MCP: List Servers";
    case Editor::kCursor: return "Cursor sees it at once:  Settings, MCP";
    case Editor::kClaudeCode: return "see it:  claude mcp list";
    case Editor::kClaudeDesktop: return "quit Claude Desktop and start it again";
  }
  return "";
}

base::Result<std::string> PathFor(Editor editor, bool project) {
  const Surroundings here = Surroundings::Here();
  std::string path = project ? ProjectConfig(editor, here) : UserConfig(editor, here);
  if (path.empty()) {
    return base::Fail(base::Code::kInvalidArgument,
                      std::string(DisplayName(editor)) + " has no settings of a project");
  }
  if (!project && here.home.empty())
    return base::Fail(base::Code::kInvalidArgument, "HOME is not set");
  return path;
}

// The list as it is; an empty object where there is none.
base::Result<void> ReadList(Editor editor, const std::string& text, ordered_json& list) {
  list = ordered_json::object();
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  const auto root = ParseJsonc(text);
  if (!root) return root.error();
  const JsoncValue* found = root->Find(ListName(editor));
  if (found && found->is_object()) list = ToJson(text, *found);
  return {};
}

// The whole text with our entry in it.
base::Result<std::string> WithEntry(Editor editor, const std::string& text, const std::string& name,
                                    const Way& way) {
  auto edited = SetMember(text, {std::string(ListName(editor)), name}, EntryFor(editor, way));
  if (!edited || editor != Editor::kVsCode || !way.needs_key) return edited;
  const auto root = ParseJsonc(*edited);
  if (!root) return root.error();
  const JsoncValue* known = root->Find("inputs");
  ordered_json inputs = known ? ToJson(*edited, *known) : ordered_json::array();
  if (!inputs.is_array()) {
    return base::Fail(
        base::Code::kInvalidArgument,
        "line " + std::to_string(LineAt(*edited, known->span.begin)) + ": 'inputs' is no list");
  }
  for (const auto& input : inputs) {
    if (input.is_object() && input.contains("id") && input["id"] == "portolan-key") return edited;
  }
  inputs.push_back(KeyInput());
  return SetMember(*edited, {"inputs"}, inputs);
}

Exit FailOnFile(Printer& printer, const std::string& path, const base::Error& error) {
  const std::string message =
      error.message.starts_with(path) ? error.message : path + ": " + error.message;
  return printer.Fail({Exit::kUsage, "file", message,
                       "nothing was changed; mend the file, or see the entry:  --print"});
}

Exit Undo(Context& context, Editor editor, const std::string& path) {
  Printer& printer = context.printer();
  if (auto undone = SettingsFile(path).Undo(); !undone) {
    const bool nothing = undone.error().code == base::Code::kNotFound;
    return printer.Fail({nothing ? Exit::kNotFound : Exit::kUsage, "undo", undone.error().message,
                         "take our entries out:  portolan disconnect " +
                             EditorNames()[static_cast<std::size_t>(editor)]});
  }
  printer.Did(printer.Paint(Tone::kGood, "✓") + " " + path + " is as it was before");
  return Exit::kOk;
}

Exit Print(Context& context, Editor editor, const std::string& path, const std::string& name,
           const Way& way) {
  const auto text = WithEntry(editor, "", name, way);
  if (!text) return context.printer().Fail(FailureFrom(text.error(), "print"));
  context.printer().Say("for " + path + ":");
  context.printer().out() << *text << std::flush;
  return Exit::kOk;
}

Exit Connect(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  const Editor editor = *EditorOf(arguments.editor);
  const auto path = PathFor(editor, arguments.project);
  if (!path) return printer.Fail({Exit::kUsage, "connect", path.error().message, ""});
  if (arguments.undo) return Undo(context, editor, *path);

  const auto endpoint = FindMcpEndpoint(context, arguments.server);
  if (!endpoint) {
    Failure failure = FailureFrom(endpoint.error(), "find");
    if (failure.exit == Exit::kNotFound) failure.next = "see what there is:  portolan ls";
    return printer.Fail(failure);
  }
  const Way way = WayTo(context, *endpoint);
  const std::string name = !arguments.name.empty()       ? arguments.name
                           : endpoint->base_path.empty() ? "portolan"
                                                         : endpoint->base_path;
  if (arguments.print) return Print(context, editor, *path, name, way);

  const SettingsFile file(*path);
  const auto before = file.Read();
  if (!before) return FailOnFile(printer, *path, before.error());
  ordered_json list;
  if (const auto read = ReadList(editor, *before, list); !read)
    return FailOnFile(printer, *path, read.error());
  std::string after = *before;
  const auto known = list.find(name);
  if (known == list.end() || !LeadsTo(*known, way)) {
    if (known != list.end() && !arguments.replace) {
      return printer.Fail({Exit::kUsage, "name",
                           "'" + name + "' is in " + *path + " already, and is something else",
                           "put ours in its place:  --replace      another name:  --name WORD"});
    }
    auto edited = WithEntry(editor, *before, name, way);
    if (!edited) return FailOnFile(printer, *path, edited.error());
    after = std::move(*edited);
  }
  const auto backup = file.Write(after);
  if (!backup) return FailOnFile(printer, *path, backup.error());

  const std::string shown = editor == Editor::kClaudeDesktop ? "portolan stdio" : way.url;
  const ordered_json tree = {
      {"editor", arguments.editor},  {"name", name},     {"url", way.url}, {"file", *path},
      {"changed", after != *before}, {"backup", *backup}};
  printer.One(tree, name, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " " + std::string(DisplayName(editor)) +
                (after == *before ? " was connected to " : " is connected to ") + name + "   " +
                shown);
    if (after == *before) return printer.Did("  nothing to change in " + *path);
    printer.Did("  written to " + *path);
    if (way.needs_key && editor == Editor::kClaudeDesktop) {
      printer.Did("  it calls as this machine's admin; for a key put PORTOLAN_KEY in its `env`");
    } else if (way.needs_key && editor != Editor::kVsCode) {
      printer.Did("  the key is not in the file: give it as PORTOLAN_KEY in the environment");
    }
    printer.Did("  next   " + AfterWriting(editor) + "      undo   portolan connect " +
                arguments.editor + (arguments.project ? " --project" : "") + " --undo");
  });
  return Exit::kOk;
}

// Whether an entry leads to us: through the gateway, to the tools that find the others, or by
// `portolan stdio`.
bool IsOurs(const ordered_json& entry, const v1::DescribeResponse& us) {
  if (!entry.is_object()) return false;
  if (const auto url = entry.find("url"); url != entry.end() && url->is_string()) {
    const std::string& text = url->get_ref<const std::string&>();
    const auto below = [&](const std::string& base) {
      return !base.empty() && text.starts_with(base + "/");
    };
    return below(us.gateway_public_url()) || text == us.public_url() + "/mcp";
  }
  const auto command = entry.find("command");
  if (command == entry.end() || !command->is_string() || !entry.contains("args")) return false;
  const auto& arguments = entry["args"];
  return std::filesystem::path(command->get<std::string>()).filename() == "portolan" &&
         std::find(arguments.begin(), arguments.end(), "stdio") != arguments.end();
}

Exit Disconnect(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  const Editor editor = *EditorOf(arguments.editor);
  const auto path = PathFor(editor, arguments.project);
  if (!path) return printer.Fail({Exit::kUsage, "disconnect", path.error().message, ""});
  const SettingsFile file(*path);
  const auto before = file.Read();
  if (!before) return FailOnFile(printer, *path, before.error());
  ordered_json list;
  if (const auto read = ReadList(editor, *before, list); !read)
    return FailOnFile(printer, *path, read.error());

  // Also while nothing runs: then programs are told by their command, and the rest by name.
  v1::DescribeResponse us;
  if (const auto where = context.registry().Describe()) us = *where;
  Way way;
  if (!us.public_url().empty() && !arguments.server.empty()) {
    if (const auto endpoint = FindMcpEndpoint(context, arguments.server))
      way = WayTo(context, *endpoint);
  }
  std::vector<std::string> names;
  for (const auto& [name, entry] : list.items()) {
    const bool meant = arguments.server.empty()
                           ? IsOurs(entry, us) || (us.public_url().empty() && name == "portolan")
                           : (!way.url.empty() && LeadsTo(entry, way)) || name == arguments.server;
    const bool safe = us.public_url().empty() || IsOurs(entry, us);
    if (meant && safe) names.push_back(name);
  }
  std::string text = *before;
  for (const std::string& name : names) {
    auto removed = RemoveMember(text, {std::string(ListName(editor)), name});
    if (!removed) return FailOnFile(printer, *path, removed.error());
    text = std::move(*removed);
  }
  const auto backup = file.Write(text);
  if (!backup) return FailOnFile(printer, *path, backup.error());
  const ordered_json tree = {{"editor", arguments.editor},
                             {"names", names},
                             {"file", *path},
                             {"changed", text != *before},
                             {"backup", *backup}};
  printer.One(tree, arguments.editor, [&] {
    if (names.empty()) {
      return printer.Did("  nothing of Portolan's" +
                         (arguments.server.empty() ? "" : " for " + arguments.server) + " in " +
                         *path);
    }
    for (const std::string& name : names) {
      printer.Did(printer.Paint(Tone::kGood, "✓") + " " + std::string(DisplayName(editor)) +
                  " is not connected to " + name + " any more");
    }
    printer.Did("  written to " + *path + "      undo   portolan disconnect " + arguments.editor +
                (arguments.project ? " --project" : "") + " --undo");
  });
  return Exit::kOk;
}

}  // namespace

void AddConnect(Verbs& verbs) {
  auto connect = std::make_shared<Arguments>();
  verbs
      .Add("connect", "Put a server, or the tools that find them all, into an editor's settings",
           "portolan connect cursor fs\n"
           "  portolan connect vscode --project --print",
           [connect](Context& context) { return Connect(context, *connect); })
      .Choice("editor", connect->editor, EditorNames(), "Whose settings", Verb::Need::kRequired)
      .Word("server", connect->server, "SERVER", "Without it: the tools that find all others",
            Verb::Need::kOptional)
      .Flag("--project", connect->project, "Into the settings of the project in this folder")
      .Flag("--print", connect->print, "Print what to write, write nothing")
      .Option("--name", connect->name, "WORD", "Of the entry; without it the server's base path")
      .Flag("--replace", connect->replace, "In place of an entry of that name that is not ours")
      .Flag("--undo", connect->undo, "Put back what was there before the last change");

  auto disconnect = std::make_shared<Arguments>();
  verbs
      .Add("disconnect", "Take our entries out of an editor's settings",
           "portolan disconnect cursor fs",
           [disconnect](Context& context) {
             if (!disconnect->undo) return Disconnect(context, *disconnect);
             return Connect(context, *disconnect);
           })
      .Choice("editor", disconnect->editor, EditorNames(), "Whose settings", Verb::Need::kRequired)
      .Word("server", disconnect->server, "SERVER", "Without it: every entry that leads here",
            Verb::Need::kOptional)
      .Flag("--project", disconnect->project, "Of the project in this folder")
      .Flag("--undo", disconnect->undo, "Put back what was there before the last change");
}

}  // namespace cli
