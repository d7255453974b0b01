#include "registry/lint/findings.h"

#include <algorithm>
#include <utility>

#include "base/json.h"

namespace registry::lint {

std::string Place::Pointer() const {
  if (!parent) return {};
  const std::string before = parent->Pointer();
  return is_element ? base::PointerTo(before, index) : base::PointerTo(before, key);
}

std::string Place::Words() const {
  if (!parent) return "the definition";
  if (is_element) return "'" + Pointer() + "'";
  const bool plain = key == "description" || key == "title" || key == "instructions";
  if (!parent->parent) return plain ? "the " + std::string(key) : "'" + std::string(key) + "'";
  if (!plain || parent->is_element) return "'" + Pointer() + "'";
  return "the " + std::string(key) + " of '" + std::string(parent->key) + "'";
}

void Findings::Add(std::string_view rule, Severity severity, const Place& place,
                   std::string message, std::string fix) {
  const auto same = std::count_if(findings_.begin(), findings_.end(),
                                  [&](const Finding& one) { return one.rule == rule; });
  if (static_cast<std::size_t>(same) >= kMaxOfARule) return;
  findings_.push_back({rule, severity, place.Pointer(), std::move(message), std::move(fix)});
}

std::vector<Finding> Findings::Take() {
  std::stable_sort(findings_.begin(), findings_.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return std::exchange(findings_, {});
}

}  // namespace registry::lint
