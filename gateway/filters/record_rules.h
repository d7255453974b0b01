// The `record` rules, compiled once: the share of calls whose record is kept, the facts that are
// written into it, and what is kept of a call's parameters and of its answer: redacted, then cut.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "policy/effective_policy.h"
#include "policy/expression.h"
#include "policy/redaction.h"
#include "policy/selector.h"

namespace gateway {

class RecordRules {
 public:
  RecordRules(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server);

  bool empty() const { return rules_.empty(); }

  struct Terms {
    double sample = 1;
    // Of arguments and of the result, each; 0: nothing is kept.
    std::size_t payload_bytes = 0;
    // By what each rule that selects the call redacts, in turn.
    std::vector<const policy::Redaction*> of_arguments;
    std::vector<const policy::Redaction*> of_results;

    bool redacts() const { return !of_arguments.empty(); }
  };
  // Writes the dimensions besides.
  Terms TermsFor(mcp::Call& call) const;

  void KeepArguments(mcp::Call& call, const Terms& terms) const;
  // For a call whose parameters were changed on its way; nothing when none are kept.
  void KeepArgumentsAgain(mcp::Call& call) const;
  // `answer` is a JSON-RPC answer, or, where nothing is redacted, its beginning; `bytes` its length.
  void KeepResult(mcp::Call& call, const Terms& terms, std::string_view answer,
                  std::size_t bytes) const;

 private:
  struct Dimension {
    std::string name;
    policy::Expression value;
  };
  struct Rule {
    policy::Selector select;
    std::optional<double> sample;
    std::optional<std::size_t> payload_bytes;
    policy::Redaction of_arguments;
    policy::Redaction of_results;
    std::vector<Dimension> dimensions;
  };

  void WriteDimensions(mcp::Call& call, const policy::Facts& facts) const;

  // Constant after construction
  const std::shared_ptr<const GovernedServer> server_;
  std::vector<Rule> rules_;  // the narrowest first
  bool reads_hints_ = false;
};

}  // namespace gateway
