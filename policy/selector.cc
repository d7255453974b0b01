#include "policy/selector.h"

#include <algorithm>

#include "portolan/v1/policy.pb.h"

namespace policy {

bool GlobMatches(std::string_view glob, std::string_view text) {
  // Greedy with one step back to the last star: at most |glob| x |text| steps, no recursion.
  std::size_t g = 0, t = 0;
  std::size_t star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

namespace {

bool AnyMatches(const std::vector<std::string>& globs, std::string_view value) {
  return std::any_of(globs.begin(), globs.end(),
                     [value](const std::string& glob) { return GlobMatches(glob, value); });
}

}  // namespace

Selector::Selector(const portolan::v1::Selector& spec) {
  auto add = [this](std::string_view Facts::*fact, const auto& globs) {
    if (globs.empty()) return;
    lists_.push_back({fact, {globs.begin(), globs.end()}});
  };
  add(&Facts::method, spec.methods());
  add(&Facts::tool_name, spec.tools());
  add(&Facts::resource_uri, spec.resources());
  add(&Facts::prompt_name, spec.prompts());
  if (spec.has_annotations()) hints_ = HintsIn(spec.annotations());
}

Selector::Hints Selector::HintsIn(const portolan::v1::ToolHints& spec) {
  Hints hints;
  if (spec.has_read_only_hint()) hints.read_only = spec.read_only_hint();
  if (spec.has_destructive_hint()) hints.destructive = spec.destructive_hint();
  if (spec.has_idempotent_hint()) hints.idempotent = spec.idempotent_hint();
  if (spec.has_open_world_hint()) hints.open_world = spec.open_world_hint();
  return hints;
}

bool Selector::Hints::Match(const ToolHints& said) const {
  return read_only.value_or(said.read_only) == said.read_only &&
         destructive.value_or(said.destructive) == said.destructive &&
         idempotent.value_or(said.idempotent) == said.idempotent &&
         open_world.value_or(said.open_world) == said.open_world;
}

bool Selector::Matches(const Facts& facts) const {
  for (const List& list : lists_) {
    const std::string_view value = facts.*list.fact;
    // A call without a tool is no call of any tool, also not of `*`.
    if (value.empty() || !AnyMatches(list.globs, value)) return false;
  }
  if (!hints_.any()) return true;
  return !facts.tool_name.empty() && hints_.Match(facts.tool_hints);
}

Selector::Choice Selector::MatchesTemplate(const Facts& facts) const {
  Choice choice = Choice::kYes;
  for (const List& list : lists_) {
    if (list.fact == &Facts::resource_uri) {
      // A glob may match some of the template's resources, and not others.
      if (!AnyMatches(list.globs, "") || facts.resource_uri.empty()) choice = Choice::kMaybe;
    } else if ((facts.*list.fact).empty() || !AnyMatches(list.globs, facts.*list.fact)) {
      return Choice::kNo;
    }
  }
  return hints_.any() ? Choice::kNo : choice;
}

bool Selector::Names(std::string_view Facts::*fact) const {
  return std::any_of(lists_.begin(), lists_.end(),
                     [fact](const List& list) { return list.fact == fact; });
}

bool Selector::MaySelect(std::string_view Facts::*kind) const {
  if (hints_.any() && kind != &Facts::tool_name) return false;
  for (const auto item : {&Facts::tool_name, &Facts::resource_uri, &Facts::prompt_name}) {
    if (item != kind && Names(item)) return false;
  }
  return true;
}

}  // namespace policy
