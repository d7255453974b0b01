// submit, approve, reject, deprecate, retire, stage: how far a server is trusted, and how it ends.
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/verbs.h"

namespace cli {
namespace {

struct Arguments {
  std::string server;
  std::string reason;
  std::string sunset;
  std::string successor;
  std::string stage;
  int revision = 0;
};

std::string ShortName(const v1::Resource& resource) {
  return resource.server().base_path().empty() ? resource.name() : resource.server().base_path();
}

// Who lost the race is told to look again; nothing was written.
Exit Refused(Context& context, const base::Error& error, const std::string& stage,
             const std::string& server) {
  Failure failure = FailureFrom(error, stage);
  if (error.code == base::Code::kAborted) failure.next = "portolan show " + server;
  return context.printer().Fail(failure);
}

Exit Done(Context& context, const v1::Resource& resource, const std::string& sentence) {
  Printer& printer = context.printer();
  printer.One(base::Print(resource, base::Spelling::kSnakeCase), resource.name(), [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " " + sentence + "   revision " +
                std::to_string(resource.revision()));
  });
  return Exit::kOk;
}

Exit Review(Context& context, const Arguments& arguments, v1::ReviewDecision::Value decision,
            const std::string& verb) {
  Printer& printer = context.printer();
  auto server = context.FindServer(arguments.server);
  if (!server) return printer.Fail(FailureFrom(server.error(), verb));
  v1::ReviewRequest request;
  request.set_server(server->name());
  request.set_decision(decision);
  request.set_reason(arguments.reason);
  request.set_revision(arguments.revision > 0 ? arguments.revision : server->revision());
  auto reviewed = context.registry().Review(request);
  if (!reviewed) return Refused(context, reviewed.error(), verb, ShortName(*server));
  std::string sentence;
  switch (decision) {
    case v1::ReviewDecision::SUBMIT: sentence = server->name() + " waits for an approver"; break;
    case v1::ReviewDecision::APPROVE:
      sentence = "approved " + server->name() +
                 (server->server().lifecycle() == v1::Lifecycle::RETIRED
                      ? ": it is retired, so it is not served"
                      : ": it is served from now on");
      break;
    default: sentence = "rejected " + server->name() + ": its calls are refused";
  }
  return Done(context, reviewed->resource(), sentence);
}

Exit Move(Context& context, const Arguments& arguments, v1::Lifecycle::Stage stage,
          const std::string& verb) {
  Printer& printer = context.printer();
  auto server = context.FindServer(arguments.server);
  if (!server) return printer.Fail(FailureFrom(server.error(), verb));
  v1::ChangeLifecycleRequest request;
  request.set_server(server->name());
  request.set_stage(stage);
  request.set_sunset(arguments.sunset);
  request.set_reason(arguments.reason);
  request.set_revision(arguments.revision > 0 ? arguments.revision : server->revision());
  if (!arguments.successor.empty()) {
    auto successor = context.FindServer(arguments.successor);
    if (!successor) return printer.Fail(FailureFrom(successor.error(), verb));
    request.set_successor(successor->name());
  }
  auto moved = context.registry().ChangeLifecycle(request);
  if (!moved) return Refused(context, moved.error(), verb, ShortName(*server));
  const v1::Server& now = moved->resource().server();
  std::string sentence = server->name();
  switch (stage) {
    case v1::Lifecycle::DEPRECATED: sentence += " is deprecated: callers are told"; break;
    case v1::Lifecycle::RETIRED: sentence += " is retired: its calls are refused"; break;
    default: sentence += " is in stage " + arguments.stage;
  }
  if (!now.sunset().empty()) sentence += ", it ends on " + now.sunset();
  if (!now.successor().empty()) sentence += ", " + now.successor() + " takes its place";
  return Done(context, moved->resource(), sentence);
}

Exit MoveTo(Context& context, const Arguments& arguments) {
  v1::Lifecycle::Stage stage = v1::Lifecycle::UNSPECIFIED;
  std::string name = arguments.stage;
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  v1::Lifecycle::Stage_Parse(name, &stage);
  return Move(context, arguments, stage, "stage");
}

Verb WithReason(Verb verb, Arguments& arguments) {
  verb.Word("server", arguments.server, "SERVER", "`fs`, or `namespace/name`")
      .Option("--reason", arguments.reason, "TEXT", "Why; kept in the audit")
      .Number("--revision", arguments.revision, 0, 2'147'483'647,
              "Only if it still is what was looked at (`show`, `ls --pending`); 0: as it is now");
  return verb;
}

}  // namespace

void AddReviews(Verbs& verbs) {
  auto submit = std::make_shared<Arguments>();
  WithReason(verbs.Add("submit", "Hand a draft, or a rejected server, to an approver",
                       "portolan submit fs",
                       [submit](Context& context) {
                         return Review(context, *submit, v1::ReviewDecision::SUBMIT, "submit");
                       }),
             *submit);
  auto approve = std::make_shared<Arguments>();
  WithReason(verbs.Add("approve", "Let a server be served",
                       "portolan approve fs --reason \"reviewed by security\"",
                       [approve](Context& context) {
                         return Review(context, *approve, v1::ReviewDecision::APPROVE, "approve");
                       }),
             *approve);
  auto reject = std::make_shared<Arguments>();
  WithReason(verbs.Add("reject", "Refuse a server, also one that was approved",
                       "portolan reject fs --reason \"say who owns it\"",
                       [reject](Context& context) {
                         return Review(context, *reject, v1::ReviewDecision::REJECT, "reject");
                       }),
             *reject);
  auto deprecate = std::make_shared<Arguments>();
  WithReason(verbs.Add("deprecate", "Serve a server on, and tell its callers that it will end",
                       "portolan deprecate fs --sunset 2027-01-01 --use fs2",
                       [deprecate](Context& context) {
                         return Move(context, *deprecate, v1::Lifecycle::DEPRECATED, "deprecate");
                       }),
             *deprecate)
      .Option("--sunset", deprecate->sunset, "DAY", "When it ends: 2027-01-01")
      .Option("--use", deprecate->successor, "SERVER", "What to use instead");
  auto retire = std::make_shared<Arguments>();
  WithReason(verbs.Add("retire", "End a server: its calls are refused, its entry stays",
                       "portolan retire fs --use fs2",
                       [retire](Context& context) {
                         return Move(context, *retire, v1::Lifecycle::RETIRED, "retire");
                       }),
             *retire)
      .Option("--use", retire->successor, "SERVER", "What to use instead");
  auto stage = std::make_shared<Arguments>();
  WithReason(verbs.Add("stage", "Move a server to another stage of its life, also back",
                       "portolan stage fs production",
                       [stage](Context& context) { return MoveTo(context, *stage); }),
             *stage)
      .Choice(
          "stage", stage->stage,
          {"design", "development", "testing", "preview", "production", "deprecated", "retired"},
          "Where to", Verb::Need::kRequired);
}

}  // namespace cli
