// access: asking for a server that one may not see, and deciding who may.
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

struct Arguments {
  std::string server;
  std::string request;
  std::string reason;
  bool all = false;
};

Exit Ask(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  v1::RequestAccessRequest request;
  request.set_server(arguments.server);
  request.set_reason(arguments.reason);
  auto asked = context.RegistryAsCaller()->RequestAccess(request);
  if (!asked) return printer.Fail(FailureFrom(asked.error(), "access"));
  printer.One({{"request", asked->request()}, {"server", arguments.server}}, asked->request(), [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " asked for " + arguments.server + "   request " +
                asked->request());
    printer.Say("  if there is such a server, an approver of its namespace decides");
  });
  return Exit::kOk;
}

Cell StateOf(const v1::AccessRequest& request) {
  switch (request.decision()) {
    case v1::AccessDecision::GRANTED: return {"granted", Tone::kGood};
    case v1::AccessDecision::DENIED: return {"denied", Tone::kFaint};
    default: return {"▲ waits", Tone::kWarning};
  }
}

Exit List(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  v1::ListRequest request;
  request.set_kind("AccessRequest");
  auto requests = context.RegistryAsCaller()->List(request);
  if (!requests) return printer.Fail(FailureFrom(requests.error(), "access"));
  std::vector<Row> rows;
  for (const v1::Resource& resource : *requests) {
    const v1::AccessRequest& asked = resource.access_request();
    const bool waits = asked.decision() == v1::AccessDecision::UNSPECIFIED;
    if (!waits && !arguments.all) continue;
    const std::string& said = waits ? asked.reason() : asked.decision_reason();
    Row& row = rows.emplace_back();
    row.name = resource.name();
    row.tree = base::Print(resource, base::Spelling::kSnakeCase);
    // Who asked is not told which server they meant: there may be none.
    row.cells = {{resource.name(), Tone::kStrong},
                 StateOf(asked),
                 {asked.server().empty() ? "–" : asked.server()},
                 {asked.principal()},
                 {TimeOfDay(resource.created_at_ms())},
                 {FirstLine(said)}};
    if (waits && !asked.server().empty()) row.next = "portolan access approve " + resource.name();
  }
  printer.List({{"REQUEST"}, {"STATE"}, {"SERVER"}, {"WHO"}, {"ASKED"}, {"REASON"}}, rows,
               arguments.all ? "nobody has asked for a server"
                             : "no request waits      portolan access ls --all");
  return Exit::kOk;
}

Exit Decide(Context& context, const Arguments& arguments, v1::AccessDecision::Value decision) {
  Printer& printer = context.printer();
  v1::DecideAccessRequest request;
  request.set_request(arguments.request);
  request.set_decision(decision);
  request.set_reason(arguments.reason);
  auto decided = context.registry().DecideAccess(request);
  if (!decided) {
    Failure failure = FailureFrom(decided.error(), "access");
    if (decided.error().code == base::Code::kNotFound) failure.next = "portolan access ls";
    return printer.Fail(failure);
  }
  const bool granted = decision == v1::AccessDecision::GRANTED;
  ordered_json tree = {{"request", arguments.request},
                       {"decision", v1::AccessDecision::Value_Name(decision)}};
  if (granted) tree["revision"] = decided->revision();
  printer.One(tree, arguments.request, [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + (granted ? " granted " : " denied ") +
                arguments.request +
                (granted ? ": who asked is in the server's audience   revision " +
                               std::to_string(decided->revision())
                         : ""));
  });
  return Exit::kOk;
}

}  // namespace

void AddAccess(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("access", "Ask for a server, and decide who may have one");

  auto asked = std::make_shared<Arguments>();
  verbs
      .AddTo(family, "request", "Ask for a server that you may not see, as --key or --token",
             "portolan --key ptk_7k2m9q4x1a8b_... access request pay --reason \"refunds\"",
             [asked](Context& context) { return Ask(context, *asked); })
      .Word("server", asked->server, "SERVER", "Its name or base path, or a tool's id")
      .Option("--reason", asked->reason, "TEXT", "What for; the approver reads it");

  auto listed = std::make_shared<Arguments>();
  verbs
      .AddTo(family, "ls", "The requests that wait for you, and your own", "portolan access ls",
             [listed](Context& context) { return List(context, *listed); })
      .Flag("--all", listed->all, "Also those that were decided");

  auto granted = std::make_shared<Arguments>();
  verbs
      .AddTo(family, "approve", "Put who asked into the server's audience",
             "portolan access approve 3f9c2a7b1d5e8a60 --reason \"team payments\"",
             [granted](Context& context) {
               return Decide(context, *granted, v1::AccessDecision::GRANTED);
             })
      .Word("request", granted->request, "REQUEST", "As `access ls` names it")
      .Option("--reason", granted->reason, "TEXT", "Why; kept in the audit");

  auto denied = std::make_shared<Arguments>();
  verbs
      .AddTo(family, "reject", "Leave the server's audience as it is",
             "portolan access reject 3f9c2a7b1d5e8a60 --reason \"ask team payments first\"",
             [denied](Context& context) {
               return Decide(context, *denied, v1::AccessDecision::DENIED);
             })
      .Word("request", denied->request, "REQUEST", "As `access ls` names it")
      .Option("--reason", denied->reason, "TEXT", "Why; who asked reads it");
}

}  // namespace cli
