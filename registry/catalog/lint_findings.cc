#include "registry/catalog/lint_findings.h"

#include <map>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/lint/lint.h"
#include "registry/lint/names.h"

namespace registry {

namespace v1 = portolan::v1;

namespace {

lint::Kind KindOf(v1::DefinitionKind::Value kind) {
  switch (kind) {
    case v1::DefinitionKind::PROMPT: return lint::Kind::kPrompt;
    case v1::DefinitionKind::RESOURCE: return lint::Kind::kResource;
    case v1::DefinitionKind::RESOURCE_TEMPLATE: return lint::Kind::kResourceTemplate;
    case v1::DefinitionKind::INSTRUCTIONS: return lint::Kind::kInstructions;
    default: return lint::Kind::kTool;
  }
}

v1::LintSeverity::Value ToProto(lint::Severity severity) {
  switch (severity) {
    case lint::Severity::kError: return v1::LintSeverity::ERROR;
    case lint::Severity::kWarning: return v1::LintSeverity::WARNING;
    case lint::Severity::kInfo: return v1::LintSeverity::INFO;
  }
  return v1::LintSeverity::UNSPECIFIED;
}

void Put(const std::vector<lint::Finding>& findings, v1::Definition& definition) {
  for (const lint::Finding& finding : findings) {
    v1::LintFinding& told = *definition.add_findings();
    told.set_rule(std::string(finding.rule));
    told.set_severity(ToProto(finding.severity));
    told.set_pointer(finding.pointer);
    told.set_message(finding.message);
    told.set_fix(finding.fix);
  }
  definition.set_score(lint::Score(findings));
}

std::vector<lint::Finding> FindingsOf(const v1::Definition& definition) {
  const auto tree = base::ParseJson(definition.json());
  if (!tree || !tree->is_object()) return {};
  return lint::Lint(KindOf(definition.kind()), *tree);
}

}  // namespace

void AddFindings(v1::Definition& definition) { Put(FindingsOf(definition), definition); }

void AddFindings(v1::GetDefinitionsResponse& response) {
  std::map<int, std::vector<std::string_view>> names;
  for (const v1::Definition& definition : response.definitions())
    names[definition.kind()].push_back(definition.name());
  std::map<int, std::vector<lint::Finding>> compared;
  for (const auto& [kind, of_kind] : names) compared[kind] = lint::CompareNames(of_kind);
  std::map<int, std::size_t> next;
  std::vector<int> scores;
  for (v1::Definition& definition : *response.mutable_definitions()) {
    std::vector<lint::Finding> findings = FindingsOf(definition);
    const lint::Finding& name = compared[definition.kind()][next[definition.kind()]++];
    if (!name.rule.empty()) findings.push_back(name);
    Put(findings, definition);
    scores.push_back(definition.score());
  }
  response.set_score(lint::ScoreOfAll(scores));
}

}  // namespace registry
