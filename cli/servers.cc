// ls, show, tools, rm: what the catalog holds.
#include <unistd.h>

#include <iostream>
#include <map>
#include <memory>

#include "base/manifest.h"
#include "base/yaml.h"
#include "cli/context.h"
#include "cli/findings.h"
#include "cli/metadata.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

struct State {
  std::string word;
  Tone tone;
};

// What matters most first: whether it is served at all, then how it is.
State StateOf(const v1::Server& server, const v1::ServerStatus* status) {
  switch (server.approval()) {
    case v1::Approval::DRAFT: return {"○ draft", Tone::kFaint};
    case v1::Approval::PENDING: return {"▲ pending", Tone::kWarning};
    case v1::Approval::REJECTED: return {"✗ rejected", Tone::kBad};
    default: break;
  }
  if (server.lifecycle() == v1::Lifecycle::RETIRED) return {"○ retired", Tone::kFaint};
  if (!server.has_endpoint()) return {"○ external", Tone::kFaint};
  const v1::Health::State health = status ? status->health() : v1::Health::UNSPECIFIED;
  if (status && health != v1::Health::UNREACHABLE) {
    if (status->held() > 0) return {"▲ " + WithCommas(status->held()) + " held", Tone::kWarning};
    if (status->warned() > 0 && health == v1::Health::HEALTHY)
      return {"▲ " + WithCommas(status->warned()) + " changed", Tone::kWarning};
  }
  switch (health) {
    case v1::Health::HEALTHY:
      return server.lifecycle() == v1::Lifecycle::DEPRECATED ? State{"▲ deprecated", Tone::kWarning}
                                                             : State{"● healthy", Tone::kGood};
    case v1::Health::DEGRADED: return {"▲ degraded", Tone::kWarning};
    case v1::Health::UNREACHABLE: return {"✗ unreachable", Tone::kBad};
    default: return {"○ not checked", Tone::kFaint};
  }
}

// What people call it: the base path, else the name.
std::string ShortName(const v1::Resource& resource) {
  return resource.server().base_path().empty() ? resource.name() : resource.server().base_path();
}

ordered_json TreeOf(const v1::Resource& resource, const v1::ServerStatus* status) {
  ordered_json tree = base::Print(resource, base::Spelling::kSnakeCase);
  if (status) {
    tree["status"] = base::Print(*status, base::Spelling::kSnakeCase);
    tree["status"].erase("server");
  }
  return tree;
}

using Statuses = std::map<std::string, v1::ServerStatus>;

base::Result<Statuses> ReadStatuses(Context& context, const std::string& only = "") {
  v1::ListStatusRequest request;
  if (!only.empty()) request.add_servers(only);
  auto response = context.registry().ListStatus(request);
  if (!response) return response.error();
  Statuses statuses;
  for (const auto& status : response->statuses()) statuses[status.server()] = status;
  return statuses;
}

const v1::ServerStatus* Find(const Statuses& statuses, const std::string& server) {
  auto found = statuses.find(server);
  return found == statuses.end() ? nullptr : &found->second;
}

struct ListArguments {
  std::vector<std::string> tags;
  std::string owner;
  bool pending = false;
};

Exit List(Context& context, const ListArguments& arguments) {
  Printer& printer = context.printer();
  v1::ListRequest request;
  request.set_kind("Server");
  for (const std::string& tag : arguments.tags) request.add_tags(tag);
  request.set_owner(arguments.owner);
  auto servers = context.registry().List(request);
  if (!servers) return printer.Fail(FailureFrom(servers.error(), "list"));
  auto statuses = ReadStatuses(context);
  if (!statuses) return printer.Fail(FailureFrom(statuses.error(), "list"));

  std::vector<Row> rows;
  for (const v1::Resource& resource : *servers) {
    const bool waits = resource.server().approval() == v1::Approval::PENDING;
    if (arguments.pending && !waits) continue;
    const v1::ServerStatus* status = Find(*statuses, resource.name());
    State state = StateOf(resource.server(), status);
    Row row;
    row.name = resource.name();
    row.tree = TreeOf(resource, status);
    bool counted = status && status->checked_at_ms() > 0;
    row.cells = {{ShortName(resource), Tone::kStrong},
                 {state.word, state.tone},
                 {counted ? WithCommas(status->tools()) : "–", Tone::kPlain},
                 {std::to_string(resource.revision()), Tone::kPlain},
                 {resource.server().owner(), Tone::kPlain}};
    if (state.tone == Tone::kBad) row.next = "portolan doctor " + ShortName(resource);
    if (status && status->held() + status->warned() > 0 && row.next.empty())
      row.next = "portolan diff " + ShortName(resource);
    if (waits)
      row.next = "portolan approve " + ShortName(resource) + " --revision " +
                 std::to_string(resource.revision());
    rows.push_back(std::move(row));
  }
  printer.List(
      {{"SERVER"}, {"STATE"}, {"TOOLS", true}, {"REVISION", true}, {"OWNER"}}, rows,
      arguments.pending
          ? "nothing waits for an approver"
          : "no servers yet      portolan add NAME URL   or   portolan add NAME -- COMMAND");
  return Exit::kOk;
}

// `DEPRECATED   ends on 2027-01-01   use local/fs2`
std::string Ending(const v1::Server& server) {
  if (!server.lifecycle()) return "";
  std::string text = v1::Lifecycle::Stage_Name(server.lifecycle());
  if (!server.sunset().empty()) text += "   ends on " + server.sunset();
  if (!server.successor().empty()) text += "   use " + server.successor();
  return text;
}

void ShowForPeople(Context& context, const v1::Resource& resource, const v1::ServerStatus* status) {
  std::ostream& out = context.printer().out();
  const v1::Server& server = resource.server();
  auto line = [&](std::string_view label, const std::string& value) {
    if (value.empty()) return;
    std::string padded(label);
    padded.resize(12, ' ');
    out << padded << value << '\n';
  };
  line("server", resource.name());
  line("title", server.title());
  line("about", FirstLine(server.description()));
  State state = StateOf(server, status);
  line("state",
       state.word +
           (status && !status->message().empty() ? "   " + FirstLine(status->message()) : ""));
  if (server.endpoint().has_streamable_http())
    line("endpoint", server.endpoint().streamable_http().url());
  if (server.endpoint().has_sse()) line("endpoint", server.endpoint().sse().url() + "  (HTTP+SSE)");
  for (const v1::PoolMember& member : server.endpoint().pool().members()) {
    std::string where =
        member.has_sse() ? member.sse().url() + "  (HTTP+SSE)" : member.streamable_http().url();
    if (member.weight() > 1) where += "  weight " + std::to_string(member.weight());
    if (member.priority() != 0) where += "  priority " + std::to_string(member.priority());
    line(member.name(), where + (member.draining() ? "  draining" : ""));
  }
  if (server.endpoint().has_stdio()) {
    std::string command = server.endpoint().stdio().command();
    for (const std::string& word : server.endpoint().stdio().args()) command += " " + word;
    line("command", command);
    line("in", server.endpoint().stdio().cwd());
  }
  if (!server.base_path().empty()) {
    auto where = context.registry().Describe();
    std::string gateway = where ? where->gateway_public_url() : "";
    line("reached at", gateway + "/" + server.base_path() + "/mcp");
  }
  line("owner", server.owner());
  std::string tags;
  for (const std::string& tag : server.tags()) tags += (tags.empty() ? "" : ", ") + tag;
  line("tags", tags);
  line("lifecycle", Ending(server));
  line("approval",
       (server.approval() ? v1::Approval::State_Name(server.approval()) : "") +
           (server.approval_reason().empty() ? "" : "   " + FirstLine(server.approval_reason())) +
           (server.held_reason().empty() ? "" : "   " + FirstLine(server.held_reason())));
  line("runs in", server.environment());
  for (const v1::ExternalDocument& document : server.documents())
    line("document", (document.title().empty() ? "" : document.title() + "   ") + document.url());
  for (const std::string& one : MetadataLines(context, server)) line("metadata", FirstLine(one));
  line("revision",
       std::to_string(resource.revision()) + "   " + TimeOfDay(resource.updated_at_ms()));
  if (status && status->checked_at_ms() > 0) {
    line("offers", std::to_string(status->tools()) + " tools, " +
                       std::to_string(status->prompts()) + " prompts, " +
                       std::to_string(status->resources()) + " resources   checked " +
                       TimeOfDay(status->checked_at_ms()));
  }
  v1::ListDependenciesRequest leaning;
  leaning.set_kind("Server");
  leaning.set_name(resource.name());
  if (auto dependencies = context.registry().ListDependencies(leaning)) {
    // Its versions are its own.
    for (const v1::Dependency& one : dependencies->dependents()) {
      if (one.kind() != "ServerVersion")
        line("leaned on", one.kind() + " " + one.name() + "   " + one.relation());
    }
  }
  if (status && status->held() + status->warned() > 0) {
    line("changes", std::to_string(status->held()) + " held, " + std::to_string(status->warned()) +
                        " served as they are now   portolan diff " + ShortName(resource));
  }
}

struct ShowArguments {
  std::string name;
  bool lint = false;
};

Exit ShowLint(Context& context, const v1::Resource& resource) {
  Printer& printer = context.printer();
  auto definitions = ReadFindings(context, resource.name());
  if (!definitions) return printer.Fail(FailureFrom(definitions.error(), "show"));
  ordered_json tree = {{"server", resource.name()}};
  tree.update(TreeOfFindings(*definitions));
  printer.One(tree, resource.name(), [&] { PrintFindings(context, *definitions); });
  return Exit::kOk;
}

Exit Show(Context& context, const ShowArguments& arguments) {
  Printer& printer = context.printer();
  auto resource = context.FindServer(arguments.name);
  if (!resource) return printer.Fail(FailureFrom(resource.error(), "show"));
  if (arguments.lint) return ShowLint(context, *resource);
  auto statuses = ReadStatuses(context, resource->name());
  if (!statuses) return printer.Fail(FailureFrom(statuses.error(), "show"));
  const v1::ServerStatus* status = Find(*statuses, resource->name());
  printer.One(TreeOf(*resource, status), resource->name(),
              [&] { ShowForPeople(context, *resource, status); });
  return Exit::kOk;
}

Exit Tools(Context& context, const std::string& name) {
  Printer& printer = context.printer();
  auto resource = context.FindServer(name);
  if (!resource) return printer.Fail(FailureFrom(resource.error(), "tools"));
  v1::GetDefinitionsRequest request;
  request.set_server(resource->name());
  auto definitions = context.registry().GetDefinitions(request);
  if (!definitions) return printer.Fail(FailureFrom(definitions.error(), "tools"));
  std::vector<Row> rows;
  for (const v1::Definition& definition : definitions->definitions()) {
    if (definition.kind() != v1::DefinitionKind::TOOL) continue;
    std::string id = ShortName(*resource) + "." + definition.name();
    ordered_json tool = ordered_json::parse(definition.json(), nullptr, false);
    if (!tool.is_object()) tool = ordered_json::object();
    std::string required;
    if (tool.contains("inputSchema") && tool["inputSchema"].is_object() &&
        tool["inputSchema"].contains("required")) {
      for (const auto& argument : tool["inputSchema"]["required"]) {
        if (argument.is_string())
          required += (required.empty() ? "" : " ") + argument.get<std::string>();
      }
    }
    std::string about = tool.contains("description") && tool["description"].is_string()
                            ? FirstLine(tool["description"].get_ref<const std::string&>())
                            : "";
    Row row;
    row.cells = {{id, Tone::kStrong}, {required}, {about, Tone::kPlain}};
    row.name = id;
    row.tree = {{"id", id}, {"server", resource->name()}};
    row.tree.update(tool);
    rows.push_back(std::move(row));
  }
  printer.List(
      {{"TOOL"}, {"REQUIRED"}, {"ABOUT"}}, rows,
      definitions->listed_at_ms() == 0
          ? "not listed yet: no gateway has reached it      portolan doctor " + ShortName(*resource)
          : "it offers no tools");
  return Exit::kOk;
}

struct RemoveArguments {
  std::vector<std::string> names;
  bool yes = false;
  bool dry_run = false;
};

// Whether the person at the terminal wants it; who has none is not asked.
bool Confirms(Printer& printer, const std::string& server) {
  if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) return true;
  printer.Say("remove " + server + " all the same? [y/N]");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Exit RemoveOne(Context& context, const RemoveArguments& arguments, const std::string& name) {
  Printer& printer = context.printer();
  auto resource = context.FindServer(name);
  if (!resource) return printer.Fail(FailureFrom(resource.error(), "rm"));
  v1::DeleteRequest request;
  request.set_kind("Server");
  request.set_name(resource->name());
  // What leans on it is told before anything is written, and then only that revision is removed.
  request.set_revision(resource->revision());
  request.set_dry_run(true);
  auto removed = context.registry().Delete(request);
  if (!removed) return printer.Fail(FailureFrom(removed.error(), "rm"));
  for (const std::string& warning : removed->warnings())
    printer.Say(printer.Paint(Tone::kWarning, "!") + " " + warning);
  if (!arguments.dry_run) {
    if (!arguments.yes && !removed->warnings().empty() && !Confirms(printer, resource->name()))
      return printer.Fail({Exit::kUsage, "rm", "nothing was removed", ""});
    request.set_dry_run(false);
    removed = context.registry().Delete(request);
    if (!removed) return printer.Fail(FailureFrom(removed.error(), "rm"));
  }
  ordered_json tree = {
      {"kind", "Server"}, {"name", resource->name()}, {"revision", removed->revision()}};
  if (!removed->warnings().empty()) {
    tree["warnings"] = ordered_json::array();
    for (const std::string& warning : removed->warnings()) tree["warnings"].push_back(warning);
  }
  if (arguments.dry_run) tree["dry_run"] = true;
  printer.One(tree, resource->name(), [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") +
                (arguments.dry_run ? " would remove " + resource->name()
                                   : " removed " + resource->name() + " at revision " +
                                         std::to_string(removed->revision())));
  });
  return Exit::kOk;
}

Exit Remove(Context& context, const RemoveArguments& arguments) {
  for (const std::string& name : arguments.names) {
    const Exit exit = RemoveOne(context, arguments, name);
    if (exit != Exit::kOk) return exit;
  }
  return Exit::kOk;
}

}  // namespace

void AddServers(Verbs& verbs) {
  auto list = std::make_shared<ListArguments>();
  verbs
      .Add("ls", "Every server, how it is, and what it offers", "portolan ls --tag finance",
           [list](Context& context) { return List(context, *list); })
      .Options("--tag", list->tags, "WORD", "Only servers with this tag; may be repeated")
      .Option("--owner", list->owner, "WHO", "Only servers of this owner")
      .Flag("--pending", list->pending, "Only servers that wait for an approver");

  auto shown = std::make_shared<ShowArguments>();
  verbs
      .Add("show", "All about one server", "portolan show fs -o yaml",
           [shown](Context& context) { return Show(context, *shown); })
      .Word("server", shown->name, "SERVER", "`fs`, or `namespace/name`")
      .Flag("--lint", shown->lint, "What is wrong with what it offers, and how to mend it");

  auto offered = std::make_shared<std::string>();
  verbs
      .Add("tools", "The tools a server offers", "portolan tools fs",
           [offered](Context& context) { return Tools(context, *offered); })
      .Word("server", *offered, "SERVER", "`fs`, or `namespace/name`");

  auto removed = std::make_shared<RemoveArguments>();
  verbs
      .Add("rm", "Remove servers from the catalog", "portolan rm fs --dry-run",
           [removed](Context& context) { return Remove(context, *removed); })
      .Words("server", removed->names, "SERVER", "`fs`, or `namespace/name`")
      .Flag("-y,--yes", removed->yes, "Do not ask, whatever leans on it")
      .Flag("--dry-run", removed->dry_run, "Say what leans on it, remove nothing");
}

}  // namespace cli
