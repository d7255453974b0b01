#include "registry/lint/lint.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "registry/lint/names.h"
#include "registry/lint/schema_rules.h"
#include "registry/lint/text_rules.h"

namespace registry::lint {
namespace {

using nlohmann::json;

constexpr std::size_t kLongDescription = 2'048;
constexpr std::size_t kLongInstructions = 8'192;

void CheckText(std::string_view text, const Place& place, Findings& findings) {
  CheckHidden(text, place, findings);
  CheckPhrases(text, place, findings);
}

// Everything a model may read: also the names of properties, defaults and examples.
void CheckTexts(const json& value, const Place& place, Findings& findings) {
  if (value.is_string()) return CheckText(value.get_ref<const std::string&>(), place, findings);
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      CheckTexts(value[i], Place{&place, {}, i, true}, findings);
    return;
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.items()) {
    if (!place.parent && (key == "_meta" || key == "icons")) continue;  // models do not see them
    const Place at{&place, key, 0, false};
    CheckHidden(key, at, findings);
    CheckTexts(member, at, findings);
  }
}

void CheckDescription(Kind kind, const json& definition, const Place& root, Findings& findings) {
  const char* member = kind == Kind::kInstructions ? "instructions" : "description";
  const std::size_t most = kind == Kind::kInstructions ? kLongInstructions : kLongDescription;
  const Place place{&root, member, 0, false};
  const auto found = definition.find(member);
  const bool there = found != definition.end() && found->is_string() &&
                     !found->get_ref<const std::string&>().empty();
  if (!there) {
    const bool needed = kind == Kind::kTool || kind == Kind::kPrompt;
    findings.Add("no-description", needed ? Severity::kWarning : Severity::kInfo, place,
                 "there is no description: models must guess from the name",
                 "say in a sentence what it does, and when to use it");
    return;
  }
  const std::size_t size = found->get_ref<const std::string&>().size();
  if (size > most) {
    findings.Add("long-description", Severity::kWarning, place,
                 place.Words() + " has " + std::to_string(size) +
                     " bytes, which models read before each call",
                 "shorten it to what a caller must know");
  }
}

}  // namespace

std::vector<Finding> Lint(Kind kind, const json& definition) {
  const Place root;
  Findings findings;
  CheckTexts(definition, root, findings);
  CheckDescription(kind, definition, root, findings);
  if (kind == Kind::kTool) {
    if (const auto name = definition.find("name"); name != definition.end() && name->is_string()) {
      CheckToolName(name->get_ref<const std::string&>(), Place{&root, "name", 0, false}, findings);
    }
    CheckToolSchemas(definition, root, findings);
  }
  return findings.Take();
}

int Score(std::span<const Finding> findings) {
  int score = 100;
  int infos = 0;
  for (const Finding& finding : findings) {
    switch (finding.severity) {
      case Severity::kError: score -= 30; break;
      case Severity::kWarning: score -= 10; break;
      case Severity::kInfo: infos = std::min(infos + 2, 20); break;
    }
  }
  return std::max(0, score - infos);
}

int ScoreOfAll(std::span<const int> scores) {
  if (scores.empty()) return 100;
  const int sum = std::accumulate(scores.begin(), scores.end(), 0);
  const int average = sum / static_cast<int>(scores.size());
  return (average + *std::min_element(scores.begin(), scores.end())) / 2;
}

}  // namespace registry::lint
