#include "cli/findings.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "cli/definition_diff.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kWarnings = 3;

std::string Lower(std::string word) {
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word;
}

// Nothing of a definition reaches the terminal as it is.
std::string Plain(const std::string& text) {
  const std::string visible = Visible(text);
  return visible.substr(1, visible.size() - 2);
}

}  // namespace

base::Result<v1::GetDefinitionsResponse> ReadFindings(Context& context, const std::string& server) {
  v1::GetDefinitionsRequest request;
  request.set_server(server);
  request.set_lint(true);
  return context.registry().GetDefinitions(request);
}

void WarnOfFindings(Context& context, const v1::GetDefinitionsResponse& definitions,
                    const std::string& short_name) {
  struct Found {
    const v1::Definition* definition;
    const v1::LintFinding* finding;
  };
  std::vector<Found> found;
  for (const v1::Definition& definition : definitions.definitions()) {
    for (const v1::LintFinding& finding : definition.findings()) {
      if (finding.severity() >= v1::LintSeverity::WARNING) found.push_back({&definition, &finding});
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.finding->severity() > b.finding->severity();
  });
  Printer& printer = context.printer();
  for (std::size_t i = 0; i < std::min(found.size(), kWarnings); ++i) {
    const bool last = i + 1 == std::min(found.size(), kWarnings);
    const std::size_t more = found.size() - kWarnings;
    std::string line = printer.Paint(Tone::kWarning, "!") + " lint  " +
                       Plain(found[i].definition->name()) + ": " +
                       Plain(found[i].finding->message()) + " (" + found[i].finding->rule() + ")";
    if (last && found.size() > kWarnings) line += ", and " + std::to_string(more) + " more";
    if (last) line += "     portolan show " + short_name + " --lint";
    printer.Did(line);
  }
}

void PrintFinding(Printer& printer, const v1::LintFinding& finding) {
  const bool error = finding.severity() == v1::LintSeverity::ERROR;
  const bool warning = finding.severity() == v1::LintSeverity::WARNING;
  const std::string mark = error     ? printer.Paint(Tone::kBad, "✗")
                           : warning ? printer.Paint(Tone::kWarning, "!")
                                     : printer.Paint(Tone::kFaint, "·");
  printer.Did("  " + mark + " " + finding.rule() + "  " + Plain(finding.message()));
  printer.Did("    " +
              printer.Paint(Tone::kFaint, Plain(finding.pointer()) + "   " + finding.fix()));
}

void PrintFindings(Context& context, const v1::GetDefinitionsResponse& definitions) {
  Printer& printer = context.printer();
  if (definitions.listed_at_ms() == 0) return printer.Did("not listed yet: nothing to look at");
  printer.Did("score " + std::to_string(definitions.score()) + " of 100");
  for (const v1::Definition& definition : definitions.definitions()) {
    if (definition.findings().empty()) continue;
    printer.Did("");
    printer.Did(printer.Paint(Tone::kStrong, Plain(definition.name())) + "   " +
                std::to_string(definition.score()));
    for (const v1::LintFinding& finding : definition.findings()) PrintFinding(printer, finding);
  }
}

ordered_json TreeOf(const v1::LintFinding& finding) {
  return {{"rule", finding.rule()},
          {"severity", Lower(v1::LintSeverity::Value_Name(finding.severity()))},
          {"pointer", finding.pointer()},
          {"message", finding.message()},
          {"fix", finding.fix()}};
}

ordered_json TreeOfFindings(const v1::GetDefinitionsResponse& definitions) {
  ordered_json tree = {{"score", definitions.score()}, {"definitions", ordered_json::array()}};
  for (const v1::Definition& definition : definitions.definitions()) {
    ordered_json one = {{"kind", Lower(v1::DefinitionKind::Value_Name(definition.kind()))},
                        {"name", definition.name()},
                        {"score", definition.score()},
                        {"findings", ordered_json::array()}};
    for (const v1::LintFinding& finding : definition.findings())
      one["findings"].push_back(TreeOf(finding));
    tree["definitions"].push_back(std::move(one));
  }
  return tree;
}

}  // namespace cli
