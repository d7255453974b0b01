// can: whether a call would be let through, and the rule that decides.
#include <memory>

#include "base/manifest.h"
#include "cli/arguments.h"
#include "cli/context.h"
#include "cli/found_tool.h"
#include "cli/limit_text.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::json;

struct Arguments {
  std::string consumer;
  std::string tool;
  std::vector<std::string> words;
  std::string args;
  std::string product;
};

std::string Where(const v1::EffectiveRule& rule, const v1::ExplainRequest& request) {
  std::string where = "PolicySet " + rule.policy_set() + ", ";
  if (rule.scope() == "server") return where + "on server " + request.server();
  if (rule.scope() == "product") return where + "on product " + request.product();
  if (rule.scope() == "consumer") return where + "on consumer " + request.consumer();
  return where + rule.scope();
}

std::string Limits(const v1::ExplainResponse& answer) {
  std::string text;
  for (const v1::EffectiveRule& effective : answer.limits()) {
    text += (text.empty() ? "" : "; ") + effective.rule().id() + " " + LimitText(effective.rule());
    if (effective.observe()) text += " (observes only)";
  }
  return text;
}

void PrintFor(Printer& printer, const v1::ExplainRequest& request,
              const v1::ExplainResponse& answer) {
  std::string line = answer.permitted() ? "yes" : "no ";
  if (answer.has_rule()) {
    line += "   rule " + answer.rule().rule().id() + " (" + Where(answer.rule(), request) + ")";
    if (!answer.because().empty()) line += ":  " + answer.because();
  } else if (!answer.because().empty()) {
    line += "   " + answer.because();
  }
  if (answer.hidden()) line += "   (the tool is hidden)";
  printer.out() << line << '\n';
  if (!answer.product().empty()) {
    printer.out() << "      by product " << answer.product();
    if (!answer.subscription().empty()) printer.out() << ", subscription " << answer.subscription();
    printer.out() << '\n';
  }
  for (const v1::EffectiveRule& rule : answer.observed())
    printer.out() << "      rule " << rule.rule().id() << " (" << Where(rule, request)
                  << ") would refuse it, but only observes\n";
  if (const std::string limits = Limits(answer); !limits.empty())
    printer.out() << "      limits that count it: " << limits << '\n';
}

Exit ExitOf(const v1::ExplainResponse& answer) {
  if (answer.permitted()) return Exit::kOk;
  if (answer.reason() == "UnknownItem" || answer.reason() == "Retired") return Exit::kNotFound;
  const bool held =
      answer.reason().starts_with("Approval") || answer.reason().starts_with("Definition");
  return held ? Exit::kHeld : Exit::kDenied;
}

Exit Can(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  auto found = FindTool(context, arguments.tool);
  if (!found) {
    Failure failure = FailureFrom(found.error(), "find");
    if (failure.exit == Exit::kUsage) failure.next = "portolan can CONSUMER SERVER.TOOL KEY=VALUE…";
    return printer.Fail(failure);
  }
  json tree = json::object();
  if (!arguments.args.empty()) {
    auto given = ReadArguments(arguments.args);
    if (!given) return printer.Fail({Exit::kUsage, "arguments", given.error().message, ""});
    tree = std::move(*given);
  }
  if (auto set = SetArguments(arguments.words, found->schema, tree); !set)
    return printer.Fail({Exit::kUsage, "arguments", set.error().message, ""});

  v1::ExplainRequest request;
  if (arguments.consumer != "anonymous") request.set_consumer(arguments.consumer);
  request.set_server(found->server);
  request.set_tool(found->tool);
  request.set_arguments_json(tree.dump());
  request.set_product(arguments.product);
  auto answer = context.registry().Explain(request);
  if (!answer) return printer.Fail(FailureFrom(answer.error(), "can"));
  request.set_product(answer->product());
  printer.One(base::Print(*answer, base::Spelling::kSnakeCase), answer->permitted() ? "yes" : "no",
              [&] { PrintFor(printer, request, *answer); });
  return ExitOf(*answer);
}

}  // namespace

void AddCan(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("can", "Whether a call would be let through, and the rule that decides",
           "portolan can alice pay.create_refund amount=900",
           [arguments](Context& context) { return Can(context, *arguments); })
      .Word("consumer", arguments->consumer, "CONSUMER", "Whose call; `anonymous`: without a key")
      .Word("tool", arguments->tool, "SERVER.TOOL", "`fs.read_file`, or `namespace/name.tool`")
      .Words("arguments", arguments->words, "KEY=VALUE", "Typed by the tool's schema, else strings",
             Verb::Need::kOptional)
      .Option("--product", arguments->product, "NAME",
              "By this one; without it by whichever subscription has the server")
      .Option("--args", arguments->args, "JSON",
              "All arguments as JSON; @FILE reads them, @- from stdin");
}

}  // namespace cli
