#include "gateway/filters/record.h"

#include <algorithm>

namespace gateway {

Record::Record(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server)
    : server_(std::move(server)) {
  for (const policy::EffectiveRule& source : policy.rules) {
    if (!source.rule.has_record() || !source.rule.record().has_sample()) continue;
    rules_.push_back({policy::Selector(source.rule.select()), source.rule.record().sample()});
    reads_hints_ = reads_hints_ || rules_.back().select.reads_hints();
  }
  std::reverse(rules_.begin(), rules_.end());
}

std::optional<mcp::Response> Record::Before(mcp::Call& call) const {
  policy::Facts facts = FactsOf(call, *server_);
  if (reads_hints_) AddHints(facts, *server_);
  const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& candidate) {
    return candidate.select.Matches(facts);
  });
  if (rule != rules_.end()) call.record.sample = rule->sample;
  return std::nullopt;
}

}  // namespace gateway
