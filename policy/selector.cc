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

Selector::Selector(const portolan::v1::Selector& spec) {
  auto add = [this](std::string_view Facts::*fact, const auto& globs) {
    if (globs.empty()) return;
    lists_.push_back({fact, {globs.begin(), globs.end()}});
  };
  add(&Facts::method, spec.methods());
  add(&Facts::tool_name, spec.tools());
  add(&Facts::resource_uri, spec.resources());
  add(&Facts::prompt_name, spec.prompts());
}

bool Selector::Matches(const Facts& facts) const {
  for (const List& list : lists_) {
    const std::string_view value = facts.*list.fact;
    // A call without a tool is no call of any tool, also not of `*`.
    if (value.empty()) return false;
    const bool found =
        std::any_of(list.globs.begin(), list.globs.end(),
                    [&](const std::string& glob) { return GlobMatches(glob, value); });
    if (!found) return false;
  }
  return true;
}

}  // namespace policy
