// call: a tool, through the gateway, as every other client calls it.
#include <algorithm>
#include <map>
#include <memory>

#include "base/json.h"
#include "base/yaml.h"
#include "cli/arguments.h"
#include "cli/context.h"
#include "cli/found_tool.h"
#include "cli/gateway_client.h"
#include "cli/tool_result.h"
#include "cli/verbs.h"
#include "mcp/request_headers.h"

namespace cli {
namespace {

using nlohmann::json;

struct Arguments {
  std::string tool;
  std::vector<std::string> words;
  std::string args;
  bool dry_run = false;
  int repeat = 1;
  int concurrency = 1;
};

// Arguments that the tool's schema marks with x-mcp-header are mirrored in the head (MCP
// 2026-07-28, Streamable HTTP).
void MirrorArguments(const json& schema, const json& arguments, ToolRequest& request) {
  if (!schema.is_object() || !schema.contains("properties") || !schema["properties"].is_object())
    return;
  for (const auto& [name, property] : schema["properties"].items()) {
    if (!property.is_object() || !property.contains("x-mcp-header") ||
        !property["x-mcp-header"].is_string())
      continue;
    auto value = arguments.find(name);
    if (value == arguments.end() ||
        !(value->is_string() || value->is_boolean() || value->is_number_integer()))
      continue;
    std::string text = value->is_string() ? value->get<std::string>() : value->dump();
    request.headers.emplace_back("Mcp-Param-" + property["x-mcp-header"].get<std::string>(),
                                 mcp::EncodeHeaderValue(text));
  }
}

base::Result<void> Authenticate(Context& context, ToolRequest& request) {
  if (!context.options().key.empty()) {
    request.headers.emplace_back("X-Api-Key", context.options().key);
    return {};
  }
  if (context.token().empty()) return {};
  auto token = context.registry().IssueCallToken();
  if (!token) return token.error();
  request.headers.emplace_back("Authorization", "Bearer " + token->token());
  return {};
}

// Of a tool that the catalog has not heard of: it may be new, or there for this caller only.
void AskForSchema(Context& context, const ToolRequest& request, FoundTool& target) {
  const auto definition = GatewayClient(context.tls()).Definition(request);
  if (!definition || definition->empty()) return;
  const auto tree = base::ParseJson(*definition);
  if (!tree || !tree->is_object()) return;
  target.known = true;
  if (tree->contains("inputSchema")) target.schema = (*tree)["inputSchema"];
}

Exit DryRun(Printer& printer, const ToolRequest& request) {
  printer.out() << "POST " << request.url.origin() << request.url.target << '\n';
  for (const auto& [name, value] : request.AllHeaders()) {
    bool secret = name == "Authorization" || name == "X-Api-Key";
    printer.out() << name << ": " << (secret ? "…" : value) << '\n';
  }
  printer.out() << '\n' << request.Body(1) << '\n';
  return Exit::kOk;
}

Exit CallOnce(Context& context, const ToolRequest& request, const FoundTool& target) {
  Printer& printer = context.printer();
  GatewayClient gateway(context.tls());
  auto answer =
      gateway.Call(request, [&](double progress, double total, const std::string& message) {
        std::string line = "  " + WithCommas(static_cast<std::int64_t>(progress));
        if (total > 0) line += " of " + WithCommas(static_cast<std::int64_t>(total));
        printer.Say(line + (message.empty() ? "" : "   " + message));
      });
  if (!answer) {
    return printer.Fail(
        {Exit::kUnreachable, "gateway", answer.error().message, "is it running?  portolan doctor"});
  }
  return PrintAnswer(printer, *answer, target.tool, target.known);
}

// `3 ok, 2 RateLimitExceeded`, with times; exits as the worst of them.
Exit CallMany(Context& context, const ToolRequest& request, const Arguments& arguments,
              bool known) {
  Printer& printer = context.printer();
  std::map<std::string, int> outcomes;
  std::vector<double> times;
  Exit worst = Exit::kOk;
  GatewayClient gateway(context.tls());
  const auto started = std::chrono::steady_clock::now();
  gateway.CallMany(request, arguments.repeat, arguments.concurrency,
                   [&](const base::Result<ToolAnswer>& answer) {
                     AnswerSummary summary = answer
                                                 ? Summarise(*answer, known)
                                                 : AnswerSummary{Exit::kUnreachable, "unreachable"};
                     ++outcomes[summary.word];
                     if (answer) times.push_back(static_cast<double>(answer->took.count()) / 1000);
                     if (static_cast<int>(summary.exit) > static_cast<int>(worst))
                       worst = summary.exit;
                   });
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started;
  std::sort(times.begin(), times.end());
  auto percentile = [&](double share) {
    return times.empty()
               ? 0
               : times[std::min(times.size() - 1, static_cast<std::size_t>(
                                                      share * static_cast<double>(times.size())))];
  };
  nlohmann::ordered_json tree = {{"calls", arguments.repeat},
                                 {"seconds", elapsed.count()},
                                 {"p50_ms", percentile(0.5)},
                                 {"p95_ms", percentile(0.95)},
                                 {"p99_ms", percentile(0.99)}};
  std::string words;
  for (const auto& [word, count] : outcomes) {
    tree["outcomes"][word] = count;
    words += (words.empty() ? "" : ", ") + WithCommas(count) + " " + word;
  }
  printer.One(tree, words, [&] {
    printer.out() << words << '\n';
    printer.Say(
        "  " +
        WithCommas(static_cast<std::int64_t>(arguments.repeat / std::max(elapsed.count(), 1e-9))) +
        " calls/s   p50 " + Duration(percentile(0.5)) + "   p95 " + Duration(percentile(0.95)) +
        "   p99 " + Duration(percentile(0.99)));
  });
  return worst;
}

Exit Call(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  auto target = FindTool(context, arguments.tool);
  if (!target) {
    Failure failure = FailureFrom(target.error(), "find");
    if (failure.exit == Exit::kNotFound)
      failure.next = "see what there is:  portolan ls   or   portolan search WORDS";
    if (failure.exit == Exit::kUsage) failure.next = "portolan call SERVER.TOOL KEY=VALUE…";
    return printer.Fail(failure);
  }
  json tree = json::object();
  if (!arguments.args.empty()) {
    auto given = ReadArguments(arguments.args);
    if (!given) return printer.Fail({Exit::kUsage, "arguments", given.error().message, ""});
    tree = std::move(*given);
  }
  std::vector<std::string> words = arguments.words;
  words.insert(words.end(), context.command_words().begin(), context.command_words().end());
  auto where = context.registry().Describe();
  if (!where) return printer.Fail(FailureFrom(where.error(), "registry"));
  auto url = base::http::Url::Parse(where->gateway_public_url() + "/" + target->base_path + "/mcp");
  if (!url) return printer.Fail({Exit::kUnreachable, "gateway", url.error().message, ""});
  ToolRequest request{
      *url, target->tool, "", {}, printer.format() == Format::kTable && arguments.repeat == 1};
  if (auto authenticated = Authenticate(context, request); !authenticated) {
    return printer.Fail(FailureFrom(authenticated.error(), "token"));
  }
  if (!target->known && !arguments.dry_run) AskForSchema(context, request, *target);
  if (!target->known && !words.empty()) {
    printer.Say("  nobody lists " + target->base_path + "." + target->tool +
                " yet: KEY=VALUE goes as text; --args gives JSON");
  }
  if (auto set = SetArguments(words, target->schema, tree); !set) {
    return printer.Fail({Exit::kUsage, "arguments", set.error().message,
                         "see what it takes:  portolan tools " + target->base_path + " -o yaml"});
  }
  request.arguments_json = tree.dump();
  MirrorArguments(target->schema, tree, request);
  if (arguments.dry_run) return DryRun(printer, request);
  if (arguments.repeat == 1) return CallOnce(context, request, *target);
  return CallMany(context, request, arguments, target->known);
}

}  // namespace

void AddCall(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("call", "Call a tool through the gateway", "portolan call fs.read_file path=README.md",
           [arguments](Context& context) { return Call(context, *arguments); })
      .Word("tool", arguments->tool, "SERVER.TOOL", "`fs.read_file`, or `namespace/name.tool`")
      .Words("arguments", arguments->words, "KEY=VALUE", "Typed by the tool's schema, else strings",
             Verb::Need::kOptional)
      .Option("--args", arguments->args, "JSON",
              "All arguments as JSON; @FILE reads them, @- from stdin")
      .Flag("--dry-run", arguments->dry_run, "Show the request, send nothing")
      .Number("--repeat", arguments->repeat, 1, 1'000'000, "Call so often, and tell how it went")
      .Number("--concurrency", arguments->concurrency, 1, 1024, "Calls in flight, with --repeat");
}

}  // namespace cli
