// Arrays and their elements.
#include <algorithm>
#include <unordered_map>

#include "base/json_schema/evaluation.h"
#include "base/json_schema/value.h"

namespace base::json_schema {
namespace {

using nlohmann::json;

// How many values there are in it, itself included.
std::size_t Weight(const json& value) {
  std::size_t weight = 1;
  if (value.is_structured()) {
    for (const json& one : value) weight += Weight(one);
  }
  return weight;
}

}  // namespace

bool Evaluation::Array(const ArrayRules& rules, const json& value, Evaluated* evaluated) {
  bool fits = true;
  if (value.size() < rules.min_items)
    fits =
        Refuse("minItems", "must have at least " + std::to_string(rules.min_items) + " elements");
  if (value.size() > rules.max_items)
    fits = Refuse("maxItems", "must have at most " + std::to_string(rules.max_items) +
                                  " elements, and has " + std::to_string(value.size()));
  const std::size_t prefix = std::min(rules.prefix.size(), value.size());
  for (std::size_t i = 0; i < prefix && (fits || more()); ++i)
    fits &= FitsItem(*rules.prefix[i], i, value[i]);
  if (rules.items) {
    for (std::size_t i = prefix; i < value.size() && (fits || more()); ++i)
      fits &= FitsItem(*rules.items, i, value[i]);
  }
  if (evaluated) {
    evaluated->prefix = std::max(evaluated->prefix, prefix);
    evaluated->all_items |= rules.items != nullptr;
  }
  if (rules.contains && (fits || more())) fits &= Contains(rules, value, evaluated);
  if (rules.unique && (fits || more())) fits &= Unique(value);
  return fits;
}

bool Evaluation::Contains(const ArrayRules& rules, const json& value, Evaluated* evaluated) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!Quietly(*rules.contains, value[i], nullptr)) continue;
    ++found;
    if (evaluated) evaluated->items.push_back(i);
  }
  if (found < rules.min_contains) {
    return Refuse(rules.min_contains == 1 ? "contains" : "minContains",
                  "must have at least " + std::to_string(rules.min_contains) +
                      " elements that are asked for, and has " + std::to_string(found));
  }
  if (found > rules.max_contains) {
    return Refuse("maxContains", "may have at most " + std::to_string(rules.max_contains) +
                                     " elements of that kind, and has " + std::to_string(found));
  }
  return true;
}

bool Evaluation::Unique(const json& value) {
  std::unordered_multimap<std::size_t, std::size_t> seen;  // hash -> index
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!Step(Weight(value[i]))) return false;
    const std::size_t hash = Hash(value[i]);
    const auto [begin, end] = seen.equal_range(hash);
    for (auto other = begin; other != end; ++other) {
      // Hashes can be made to collide on purpose.
      if (!Step(Weight(value[i]))) return false;
      if (Equal(value[other->second], value[i])) {
        return Refuse("uniqueItems", "elements " + std::to_string(other->second) + " and " +
                                         std::to_string(i) + " are the same");
      }
    }
    seen.emplace(hash, i);
  }
  return true;
}

bool Evaluation::UnevaluatedItems(const Node& node, const json& value, Evaluated& evaluated) {
  if (!node.array || !node.array->unevaluated || !value.is_array() || evaluated.all_items)
    return true;
  std::sort(evaluated.items.begin(), evaluated.items.end());
  bool fits = true;
  for (std::size_t i = evaluated.prefix; i < value.size() && (fits || more()); ++i) {
    if (!Step()) return false;
    if (std::binary_search(evaluated.items.begin(), evaluated.items.end(), i)) continue;
    fits &= FitsItem(*node.array->unevaluated, i, value[i]);
  }
  if (fits) evaluated.all_items = true;
  return fits;
}

}  // namespace base::json_schema
