// A Retry filter asks a server again that did not answer, by `upstream` rules: only where asking
// twice does no harm, and only while the caller was told nothing yet.
//
// What a call holds meanwhile (its place, its unit of a quota) it goes on to hold in the pauses.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/filter.h"
#include "policy/upstream_rules.h"

namespace gateway {

class Retry final : public Filter {
 public:
  Retry(std::shared_ptr<const policy::UpstreamRules> rules,
        std::shared_ptr<const GovernedServer> server)
      : rules_(std::move(rules)), server_(std::move(server)) {}

  bool empty() const { return !rules_->has_retry(); }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  base::Task<mcp::Response> Ask(mcp::Call& call, mcp::Handler& next,
                                const portolan::v1::Retry& says, bool harmless) const;

  // Constant after construction
  const std::shared_ptr<const policy::UpstreamRules> rules_;
  const std::shared_ptr<const GovernedServer> server_;
};

// Whether asking twice can do nothing that asking once does not.
bool IsHarmlessTwice(const mcp::Call& call, const policy::ToolHints& hints);

// The pauses of one call, without what a server wants.
class RetryPauses {
 public:
  explicit RetryPauses(const portolan::v1::Retry& says);
  // Before the next further attempt, varied by `share` of a fifth, -1 to 1.
  std::chrono::milliseconds Next(double share);
  std::chrono::milliseconds longest() const { return longest_; }

 private:
  std::chrono::milliseconds pause_;
  std::optional<std::chrono::milliseconds> delta_;
  const std::chrono::milliseconds longest_;
  bool at_once_;
};

}  // namespace gateway
