// apply: files become resources, all or none.
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/resource_files.h"
#include "cli/verbs.h"

namespace cli {
namespace {

using nlohmann::ordered_json;
using Result = v1::ApplyResponse::Result;

struct Arguments {
  std::vector<std::string> files;
  std::string set;
  bool prune = false;
  bool dry_run = false;
};

std::string OutcomeName(v1::Outcome::Value outcome) {
  std::string name = v1::Outcome::Value_Name(outcome);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

Tone ToneOf(v1::Outcome::Value outcome) {
  switch (outcome) {
    case v1::Outcome::UNCHANGED: return Tone::kFaint;
    case v1::Outcome::REMOVED: return Tone::kWarning;
    default: return Tone::kGood;
  }
}

// "resource 3, Server 'local/a': /spec/...": with file and line instead of the number.
base::Error InTheFiles(const ResourceFiles& files, base::Error error) {
  constexpr std::string_view kBegin = "resource ";
  if (!error.message.starts_with(kBegin)) return error;
  const char* digits = error.message.data() + kBegin.size();
  std::size_t number = 0;
  const auto read = std::from_chars(digits, error.message.data() + error.message.size(), number);
  const std::size_t pointer = error.message.find(": /");
  if (read.ec != std::errc() || pointer == std::string::npos) return error;
  error.message.erase(0, pointer + 2);
  return files.At(number, error);
}

// 1 created, 2 changed, 3 removed, 40 unchanged
std::string Summary(const v1::ApplyResponse& applied) {
  std::string summary;
  for (const auto outcome :
       {v1::Outcome::CREATED, v1::Outcome::CHANGED, v1::Outcome::REMOVED, v1::Outcome::UNCHANGED}) {
    const auto count =
        std::count_if(applied.results().begin(), applied.results().end(),
                      [&](const Result& result) { return result.outcome() == outcome; });
    if (count == 0) continue;
    summary += (summary.empty() ? "" : ", ") + WithCommas(count) + " " + OutcomeName(outcome);
  }
  return summary;
}

void PrintDetails(Printer& printer, const Result& result) {
  if (result.changes().empty() && result.warnings().empty()) return;
  printer.Did(result.kind() + " " + printer.Paint(Tone::kStrong, result.name()));
  for (const v1::FieldChange& change : result.changes()) {
    printer.Did("  " + change.pointer());
    if (!change.before_json().empty())
      printer.Did(printer.Paint(Tone::kBad, "  - " + change.before_json()));
    if (!change.after_json().empty())
      printer.Did(printer.Paint(Tone::kGood, "  + " + change.after_json()));
  }
  for (const std::string& warning : result.warnings())
    printer.Did(printer.Paint(Tone::kWarning, "  ! ") + warning);
}

void Print(Printer& printer, const v1::ApplyResponse& applied, bool dry_run) {
  std::vector<Row> rows;
  for (const Result& result : applied.results()) {
    // What is as it was is counted; in the other formats it is told too.
    if (printer.for_people() && result.outcome() == v1::Outcome::UNCHANGED) continue;
    Row row;
    row.name = result.name();
    row.tree = base::Print(result, base::Spelling::kSnakeCase);
    row.cells = {{OutcomeName(result.outcome()), ToneOf(result.outcome())},
                 {result.kind()},
                 {result.name(), Tone::kStrong},
                 {result.revision() && !dry_run ? std::to_string(result.revision()) : "–"}};
    rows.push_back(std::move(row));
  }
  if (!rows.empty() || !printer.for_people()) {
    printer.List({{dry_run ? "WOULD BE" : "OUTCOME"}, {"KIND"}, {"NAME"}, {"REVISION", true}}, rows,
                 "");
  }
  if (printer.for_people()) {
    for (const Result& result : applied.results()) PrintDetails(printer, result);
  } else {
    for (const Result& result : applied.results()) {
      for (const std::string& warning : result.warnings())
        printer.Say("! " + result.kind() + " " + result.name() + ": " + warning);
    }
  }
  printer.Say(Summary(applied) + (dry_run ? "; a dry run: nothing was written" : ""));
}

Exit Apply(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  if (arguments.prune && arguments.set.empty()) {
    return printer.Fail({Exit::kUsage, "usage", "--prune needs --set NAME",
                         "it removes only what an earlier apply of that set made"});
  }
  ResourceFiles files;
  for (const std::string& path : arguments.files) {
    if (auto read = files.Read(path); !read)
      return printer.Fail({Exit::kUsage, "read", read.error().message, "nothing was written"});
  }
  if (files.resources().empty()) {
    return printer.Fail({Exit::kUsage, "read", "no resources in what was given",
                         "a resource is {kind, name, spec}"});
  }
  v1::ApplyRequest request;
  for (const v1::Resource& resource : files.resources()) *request.add_resources() = resource;
  request.set_dry_run(arguments.dry_run);
  request.set_set(arguments.set);
  request.set_prune(arguments.prune);
  const auto applied = context.registry().Apply(request);
  if (!applied) {
    Failure failure = FailureFrom(InTheFiles(files, applied.error()), "apply");
    if (failure.next.empty()) failure.next = "nothing was written: it is all or none";
    return printer.Fail(failure);
  }
  Print(printer, *applied, arguments.dry_run);
  return Exit::kOk;
}

}  // namespace

void AddApply(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("apply", "Write resources from files, all or none",
           "portolan apply -f conf/ --dry-run\n"
           "  portolan apply -f conf/ --set conf --prune",
           [arguments](Context& context) { return Apply(context, *arguments); })
      .Options("-f,--file", arguments->files, "FILE",
               "YAML or JSON; a folder; `-` for stdin; may be repeated", Verb::Need::kRequired)
      .Flag("--dry-run", arguments->dry_run, "Say which fields would change, change nothing")
      .Option("--set", arguments->set, "NAME",
              "What is applied together; the registry remembers what each set made")
      .Flag("--prune", arguments->prune,
            "Remove what an earlier apply of the set made and these files lack; nothing else");
}

}  // namespace cli
