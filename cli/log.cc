// log: what was called, by whom, and what became of it.
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/verbs.h"

namespace cli {
namespace {

struct Arguments {
  bool follow = false;
  bool denied = false;
  std::string server;
  std::string principal;
  int limit = 20;
};

const std::vector<Column> kColumns = {{"TIME", false, 19},      {"CALL", false, 32},
                                      {"PRINCIPAL", false, 16}, {"OUTCOME", false, 24},
                                      {"TIME TAKEN", true, 10}, {"REQUEST", false, 26}};

// What rules `inspect` found in it: `, found secrets`.
std::string FoundIn(const v1::CallRecord& record) {
  std::string found;
  for (const v1::Detection& detection : record.detections()) {
    // 0: it was too long to be looked at.
    if (detection.count() == 0 || found.find(detection.detector()) != std::string::npos) continue;
    found += (found.empty() ? ", found " : ", ") + detection.detector();
  }
  return found;
}

Cell OutcomeOf(const v1::CallRecord& record) {
  std::string why = record.reason().empty() ? "" : ", " + record.reason();
  switch (record.outcome()) {
    case v1::CallOutcome::OK: {
      const std::string found = FoundIn(record);
      return {"ok" + found, found.empty() ? Tone::kGood : Tone::kWarning};
    }
    case v1::CallOutcome::TOOL_ERROR: return {"tool error", Tone::kWarning};
    case v1::CallOutcome::RPC_ERROR:
      return {"server error " + std::to_string(record.error_code()), Tone::kWarning};
    case v1::CallOutcome::REFUSED:
      return {(record.reason().empty() ? "refused" : record.reason()) + FoundIn(record),
              Tone::kBad};
    case v1::CallOutcome::UPSTREAM_FAILED: return {"server failed" + why, Tone::kBad};
    case v1::CallOutcome::CANCELLED: return {"cancelled", Tone::kFaint};
    case v1::CallOutcome::INTERNAL: return {"gateway error", Tone::kBad};
    default: return {"–", Tone::kFaint};
  }
}

Row RowOf(const v1::CallRecord& record) {
  std::string call = record.endpoint();
  if (!record.item().empty()) {
    call += "." + record.item();
  } else if (!record.method().empty()) {
    call += " " + record.method();
  }
  Row row;
  row.name = record.request_id();
  row.tree = base::Print(record, base::Spelling::kSnakeCase);
  row.cells = {{TimeOfDay(record.started_at_ms()), Tone::kFaint},
               {call.empty() ? "–" : call, Tone::kStrong},
               {record.principal().empty() ? "–" : record.principal()},
               OutcomeOf(record),
               {Duration(static_cast<double>(record.total_us()) / 1000)},
               {record.request_id(), Tone::kFaint}};
  return row;
}

Exit Log(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  v1::CallFilter filter;
  filter.set_denied(arguments.denied);
  filter.set_principal(arguments.principal);
  if (!arguments.server.empty()) {
    auto server = context.FindServer(arguments.server);
    if (!server) return printer.Fail(FailureFrom(server.error(), "log"));
    filter.set_server(server->name());
  }
  v1::ListCallsRequest request;
  request.set_limit(arguments.limit);
  *request.mutable_filter() = filter;
  auto past = context.registry().ListCalls(request);
  if (!past) return printer.Fail(FailureFrom(past.error(), "log"));
  std::vector<Row> rows;
  for (auto record = past->calls().rbegin(); record != past->calls().rend(); ++record)
    rows.push_back(RowOf(*record));
  if (!arguments.follow) {
    printer.List(kColumns, rows, arguments.denied ? "nothing was refused" : "no calls yet");
    return Exit::kOk;
  }
  printer.Head(kColumns);
  for (const Row& row : rows) printer.Add(kColumns, row);
  v1::WatchCallsRequest watch;
  *watch.mutable_filter() = filter;
  auto watched = context.registry().WatchCalls(
      watch, [&](const v1::CallRecord& record) { printer.Add(kColumns, RowOf(record)); });
  if (!watched) return printer.Fail(FailureFrom(watched.error(), "log"));
  return Exit::kOk;
}

}  // namespace

void AddLog(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("log", "What was called, by whom, and what became of it", "portolan log -f --denied",
           [arguments](Context& context) { return Log(context, *arguments); })
      .Flag("-f,--follow", arguments->follow, "Go on with what is called from now")
      .Flag("--denied", arguments->denied, "Only what was refused")
      .Option("--server", arguments->server, "SERVER", "Only calls to this server")
      .Option("--principal", arguments->principal, "ID", "Only calls of this principal")
      .Number("-n", arguments->limit, 1, 1000, "How many of the past");
}

}  // namespace cli
