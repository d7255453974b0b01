// audit: who changed what, and whether the record of it is whole.
#include <unistd.h>

#include <memory>

#include "base/manifest.h"
#include "base/process.h"
#include "cli/context.h"
#include "cli/failure.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

struct ListArguments {
  std::string principal;
  std::string kind;
  std::string name;
  int count = 50;
  bool refused = false;
};

Tone ToneOf(v1::AuditAction::Value action) {
  switch (action) {
    case v1::AuditAction::CREATED: return Tone::kGood;
    case v1::AuditAction::DELETED:
    case v1::AuditAction::REFUSED: return Tone::kBad;
    default: return Tone::kPlain;
  }
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Exit List(Context& context, const ListArguments& arguments) {
  Printer& printer = context.printer();
  v1::ListAuditRequest request;
  request.set_principal(arguments.principal);
  request.set_kind(arguments.kind);
  request.set_name(arguments.name);
  request.set_page_size(arguments.count);
  if (arguments.refused) request.set_action(v1::AuditAction::REFUSED);
  const auto listed = context.registry().ListAudit(request);
  if (!listed) return printer.Fail(FailureFrom(listed.error(), "audit"));
  std::vector<Row> rows;
  for (const v1::AuditRecord& record : listed->records()) {
    Row row;
    row.name = std::to_string(record.sequence());
    row.tree = base::Print(record, base::Spelling::kSnakeCase);
    std::string what = record.kind() + (record.kind().empty() ? "" : " ") + record.name();
    if (!record.item().empty()) what += (what.empty() ? "" : " ") + record.item();
    if (record.count() > 0) what += "  " + WithCommas(record.count()) + "×, " + record.rule();
    if (!record.reason().empty()) what += "  (" + record.reason() + ")";
    row.cells = {
        {row.name},
        {TimeOfDay(record.at_ms())},
        {record.principal(), Tone::kStrong},
        {record.address().empty() ? record.face() : record.face() + " " + record.address()},
        {Lower(v1::AuditAction::Value_Name(record.action())), ToneOf(record.action())},
        {std::move(what)}};
    rows.push_back(std::move(row));
  }
  printer.List({{"NO"}, {"WHEN"}, {"WHO"}, {"FROM"}, {"DID"}, {"WHAT"}}, rows,
               "nothing was changed yet");
  return Exit::kOk;
}

// A copy is verified by the registry's program, which knows the store.
Exit VerifyFile(Context& context, const std::string& file) {
  const std::string program = base::ProgramFolder() + "/portolan-registry";
  const char* words[] = {program.c_str(), "verify", file.c_str(), nullptr};
  ::execv(program.c_str(), const_cast<char**>(words));
  return context.printer().Fail({Exit::kUnreachable, "audit", "cannot start " + program,
                                 "build or install it beside portolan"});
}

Exit Verify(Context& context, const std::string& file) {
  if (!file.empty()) return VerifyFile(context, file);
  Printer& printer = context.printer();
  const auto verified = context.registry().VerifyAudit();
  if (!verified) return printer.Fail(FailureFrom(verified.error(), "audit"));
  const ordered_json tree = base::Print(*verified, base::Spelling::kSnakeCase);
  printer.One(tree, verified->head(), [&] {
    printer.Did(printer.Paint(Tone::kGood, "✓") + " whole: records " +
                std::to_string(verified->first_sequence()) + " to " +
                std::to_string(verified->last_sequence()) + ", head " + verified->head());
  });
  return Exit::kOk;
}

}  // namespace

void AddAudit(Verbs& verbs) {
  CLI::App* family = verbs.AddFamily("audit", "Who changed what, from where");

  auto list = std::make_shared<ListArguments>();
  verbs
      .AddTo(family, "ls", "The newest changes first", "portolan audit ls --kind Server",
             [list](Context& context) { return List(context, *list); })
      .Option("--principal", list->principal, "ID", "Only by whom: token/ci")
      .Option("--kind", list->kind, "KIND", "Only of this kind: Server, PolicySet, ...")
      .Option("--name", list->name, "NAME", "Only of what has this name")
      .Flag("--refused", list->refused, "Only what somebody was not let do")
      .Number("-n,--count", list->count, 1, 1000, "How many");

  auto file = std::make_shared<std::string>();
  verbs
      .AddTo(family, "verify", "Recompute the chain; names the first record that does not fit",
             "portolan audit verify portolan.db",
             [file](Context& context) { return Verify(context, *file); })
      .Word("file", *file, "FILE", "A copy of the database, instead of the running registry",
            Verb::Need::kOptional);
}

}  // namespace cli
