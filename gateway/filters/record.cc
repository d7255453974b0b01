#include "gateway/filters/record.h"

#include <algorithm>

#include "gateway/filters/refusal.h"

namespace gateway {

Record::Record(const policy::EffectivePolicy& policy, std::string server)
    : server_(std::move(server)) {
  for (const policy::EffectiveRule& source : policy.rules) {
    if (!source.rule.has_record() || !source.rule.record().has_sample()) continue;
    rules_.push_back({policy::Selector(source.rule.select()), source.rule.record().sample()});
  }
  std::reverse(rules_.begin(), rules_.end());
}

std::optional<mcp::Response> Record::Before(mcp::Call& call) const {
  const policy::Facts facts = FactsOf(call, server_);
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& candidate) {
    return candidate.select.Matches(facts);
  });
  if (rule != rules_.end()) call.record.sample = rule->sample;
  return std::nullopt;
}

}  // namespace gateway
