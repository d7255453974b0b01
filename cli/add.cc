// add: a server by its URL, or by the command that starts it.
#include <unistd.h>

#include <climits>
#include <memory>

#include "base/manifest.h"
#include "base/yaml.h"
#include "cli/add_from.h"
#include "cli/context.h"
#include "cli/findings.h"
#include "cli/in_force.h"
#include "cli/stages.h"
#include "cli/transport.h"
#include "cli/verbs.h"

namespace cli {
namespace {

struct Arguments {
  std::string name;
  std::string url;
  std::vector<std::string> tags;
  std::string owner;
  std::string base_path;
  std::string name_space = "local";
  std::string title;
  std::string description;
  std::vector<std::string> environment;
  std::string from;
  std::string on_change;
  std::string credential;
  bool draft = false;
  bool dry_run = false;
  bool undo = false;
};

base::Result<v1::Resource> MakeServer(const Arguments& arguments,
                                      const std::vector<std::string>& command) {
  auto bad = [](std::string sentence) {
    return base::Fail(base::Code::kInvalidArgument, std::move(sentence));
  };
  if (arguments.url.empty() && command.empty()) {
    return bad("what is '" + arguments.name + "'? A URL or, behind --, a command is missing");
  }
  if (!arguments.url.empty() && !command.empty()) return bad("either a URL or a command, not both");
  v1::Resource resource;
  resource.set_kind("Server");
  bool qualified = arguments.name.find('/') != std::string::npos;
  resource.set_name(qualified ? arguments.name : arguments.name_space + "/" + arguments.name);
  v1::Server& server = *resource.mutable_server();
  server.set_title(arguments.title);
  server.set_description(arguments.description);
  server.set_owner(arguments.owner);
  server.set_base_path(arguments.base_path);
  for (const std::string& tag : arguments.tags) server.add_tags(tag);
  server.set_credential(arguments.credential);
  if (arguments.draft) server.set_approval(v1::Approval::DRAFT);
  if (arguments.on_change == "hold") server.set_on_definition_change(v1::DefinitionChange::HOLD);
  if (arguments.on_change == "warn") server.set_on_definition_change(v1::DefinitionChange::WARN);
  if (arguments.on_change == "accept")
    server.set_on_definition_change(v1::DefinitionChange::ACCEPT);
  if (!arguments.url.empty()) {
    // A draft is only stored: nothing is contacted for it.
    if (!arguments.draft && IsSse(arguments.url)) {
      server.mutable_endpoint()->mutable_sse()->set_url(arguments.url);
    } else {
      server.mutable_endpoint()->mutable_streamable_http()->set_url(arguments.url);
    }
    return resource;
  }
  v1::Stdio& stdio = *server.mutable_endpoint()->mutable_stdio();
  stdio.set_command(command.front());
  for (std::size_t i = 1; i < command.size(); ++i) stdio.add_args(command[i]);
  // Relative paths in the command mean what they mean here.
  char folder[PATH_MAX];
  if (getcwd(folder, sizeof folder)) stdio.set_cwd(folder);
  for (const std::string& setting : arguments.environment) {
    auto equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      return bad("--env takes NAME=VALUE, not '" + setting + "'");
    auto* variable = stdio.add_env();
    variable->set_name(setting.substr(0, equals));
    variable->set_value(setting.substr(equals + 1));
  }
  return resource;
}

std::string Advice(const base::Error& error, const Arguments& arguments) {
  if (error.code == base::Code::kAlreadyExists) {
    return "see what there is:  portolan ls      replace it:  portolan rm " + arguments.name +
           ", then add it again";
  }
  if (error.code == base::Code::kInvalidArgument && arguments.url.empty()) {
    return "portolan add NAME URL   or   portolan add NAME -- COMMAND";
  }
  return FailureFrom(error, "").next;
}

// The first tool as it would be typed: `ctx.echo message=…`.
std::string FirstCall(Context& context, const v1::Resource& server) {
  v1::GetDefinitionsRequest request;
  request.set_server(server.name());
  auto definitions = context.registry().GetDefinitions(request);
  if (!definitions) return "";
  for (const v1::Definition& definition : definitions->definitions()) {
    if (definition.kind() != v1::DefinitionKind::TOOL) continue;
    std::string call = server.server().base_path() + "." + definition.name();
    auto tree = base::ParseJson(definition.json());
    if (tree && tree->is_object() && tree->contains("inputSchema") &&
        (*tree)["inputSchema"].contains("required")) {
      for (const auto& required : (*tree)["inputSchema"]["required"]) {
        if (required.is_string()) call += " " + required.get<std::string>() + "=…";
      }
    }
    return call;
  }
  return "";
}

Exit AddAllOf(Context& context, const Arguments& arguments) {
  ImportFromEditor import;
  import.source = arguments.from;
  import.file = arguments.name;
  import.name_space = arguments.name_space;
  import.tags = arguments.tags;
  import.owner = arguments.owner;
  import.draft = arguments.draft;
  import.dry_run = arguments.dry_run;
  return arguments.undo ? UndoAddFrom(context, import) : AddFrom(context, import);
}

Exit Add(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  if (!arguments.from.empty()) return AddAllOf(context, arguments);
  if (arguments.undo || arguments.name.empty()) {
    return printer.Fail({Exit::kUsage, "usage",
                         arguments.undo ? "--undo goes with --from" : "what is to be added?",
                         "portolan add NAME URL   or   portolan add NAME -- COMMAND   or   "
                         "portolan add --from cursor"});
  }
  auto made = MakeServer(arguments, context.command_words());
  if (!made) {
    return printer.Fail({Exit::kUsage, "usage", made.error().message,
                         "portolan add NAME URL   or   portolan add NAME -- COMMAND"});
  }
  v1::PutRequest request;
  *request.mutable_resource() = *made;
  request.set_dry_run(arguments.dry_run);
  auto stored = context.registry().Put(request);
  if (!stored) {
    Failure failure = FailureFrom(stored.error(), "store");
    failure.next = Advice(stored.error(), arguments);
    return printer.Fail(failure);
  }
  const v1::Resource& resource = stored->resource();
  auto print_result = [&] {
    printer.One(base::Print(resource, base::Spelling::kSnakeCase), resource.name(), [] {});
  };
  std::string good = printer.Paint(Tone::kGood, "✓");
  if (arguments.dry_run) {
    printer.Did(good + " would store " + resource.name());
    if (printer.for_people()) {
      printer.out() << base::WriteYaml(base::Print(resource, base::Spelling::kSnakeCase));
    } else {
      print_result();
    }
    return Exit::kOk;
  }
  printer.Did(good + " stored " + resource.name() + " at revision " +
              std::to_string(resource.revision()));
  if (arguments.draft || resource.server().approval() != v1::Approval::APPROVED) {
    printer.Did(arguments.draft
                    ? "  a draft: not checked, not started, not served"
                    : "  a draft: not checked, not served until role approver approves it");
    if (!arguments.draft)
      printer.Did("  hand it to an approver   portolan submit " + resource.name());
    print_result();
    return Exit::kOk;
  }
  auto status = ProbeAndPrint(context, resource.name(), StageLayout::kOneLine);
  // One may be on its way: started just now, or coming back.
  if (!status && status.error().code == base::Code::kUnavailable &&
      WaitUntilConnected(context.registry())) {
    status = ProbeAndPrint(context, resource.name(), StageLayout::kOneLine);
  }
  print_result();
  if (!status) {
    if (status.error().code != base::Code::kUnavailable) {
      Failure failure = FailureFrom(status.error(), "check");
      failure.next = "it is stored; try again:  portolan doctor " + resource.server().base_path();
      return printer.Fail(failure);
    }
    printer.Did("  not checked: no gateway is connected      portolan gateway ls");
    return Exit::kOk;
  }
  Exit exit = ExitFor(*status);
  if (exit == Exit::kOk) {
    WaitUntilInForce(context.registry(), resource.revision());
    if (auto definitions = ReadFindings(context, resource.name()))
      WarnOfFindings(context, *definitions, resource.server().base_path());
    std::string call = FirstCall(context, resource);
    printer.Did("  try   " + (call.empty() ? "portolan tools " + resource.server().base_path()
                                           : "portolan call " + call));
  }
  return exit;
}

}  // namespace

void AddAdd(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("add", "Register a server by its URL, or by the command that starts it",
           "portolan add ctx https://host/mcp\n"
           "  portolan add fs -- npx -y @modelcontextprotocol/server-filesystem .\n"
           "  portolan add --from cursor",
           [arguments](Context& context) { return Add(context, *arguments); })
      .Word("name", arguments->name, "NAME",
            "`weather` means `local/weather`; with --from, the file to read", Verb::Need::kOptional)
      .Word("url", arguments->url, "URL", "Where the server answers MCP over HTTP",
            Verb::Need::kOptional)
      .Options("--tag", arguments->tags, "WORD", "To filter by; may be repeated")
      .Option("--credential", arguments->credential, "NAME",
              "What it is shown (portolan secret set NAME)")
      .Option("--owner", arguments->owner, "WHO", "Who answers for the server")
      .Option("--title", arguments->title, "TEXT", "Shown instead of the name")
      .Option("--description", arguments->description, "TEXT",
              "What it does, for people and search")
      .Option("--base-path", arguments->base_path, "WORD", "First part of its path on the gateway")
      .Option("--namespace", arguments->name_space, "WORD", "For a name without one")
      .Options("--env", arguments->environment, "NAME=VALUE", "For a command; may be repeated")
      .Choice("--from", arguments->from, AddSources(),
              "Every server that is in an editor's settings")
      .Flag("--undo", arguments->undo, "With --from: remove what it added")
      .Choice("--on-change", arguments->on_change, {"hold", "warn", "accept"},
              "What becomes of a tool that changes later (default: warn)")
      .Flag("--draft", arguments->draft, "Only store it: nothing is checked, started or served")
      .Flag("--dry-run", arguments->dry_run, "Say what would be stored, store nothing");
}

}  // namespace cli
