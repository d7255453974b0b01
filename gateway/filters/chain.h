// A Chain is the filters between caller and server, in THE ORDER, compiled from an effective
// policy.
//
// Immutable and shared by all workers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "gateway/filters/call_facts.h"
#include "gateway/filters/credential_rules.h"
#include "gateway/filters/filter.h"
#include "gateway/filters/held.h"
#include "gateway/filters/refusal.h"
#include "gateway/state/rule_state.h"
#include "mcp/handler.h"
#include "policy/effective_policy.h"
#include "portolan/v1/server.pb.h"

namespace gateway {

class Chain {
 public:
  // What a chain is compiled for.
  struct Target {
    std::shared_ptr<const GovernedServer> server;
    portolan::v1::Approval::State approval = portolan::v1::Approval::APPROVED;
    Held::Unlisted unlisted = Held::Unlisted::kForward;
    state::ShownServer shown = {};
  };
  Chain(const policy::EffectivePolicy& policy, const Target& target, state::RuleState& state);

  // Runs the call through the filters and, if none refuses, to `server`.
  base::Task<mcp::Response> Run(mcp::Call& call, mcp::Handler& server) const;

  // Runs the call through what wraps the server alone, round by round, and asks `backend`: for
  // whoever stands at the end of the chain and answers some calls by itself. `own` are the gateway's
  // own terms, on which rules put theirs.
  base::Task<mcp::Response> RunRound(mcp::Call& call, mcp::Handler& backend,
                                     const std::shared_ptr<const mcp::UpstreamTerms>& own) const;

  const RefusalStyle& style() const { return style_; }

 private:
  class Link;

  using Filters = std::vector<std::unique_ptr<const Filter>>;
  static base::Task<mcp::Response> RunAll(const Filters& filters, mcp::Call& call,
                                          mcp::Handler& server);

  // Constant after construction
  const RefusalStyle style_;
  Filters filters_;
  Filters round_;
};

}  // namespace gateway
