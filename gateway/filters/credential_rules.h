// CredentialRules say which credential a call's server is shown: that of the narrowest rule `upstream`
// which names one and selects the call, else the server's own.
//
// Immutable; shared by the filters of a chain.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/filters/call_facts.h"
#include "gateway/state/shown_server.h"
#include "gateway/state/upstream_tokens.h"
#include "policy/upstream_rules.h"

namespace gateway {

class CredentialRules {
 public:
  CredentialRules(std::shared_ptr<const policy::UpstreamRules> upstream,
                  std::shared_ptr<const GovernedServer> server, state::ShownServer shown,
                  state::UpstreamTokens& tokens);

  // No call is shown any.
  bool empty() const {
    return shown_.places.empty() || (!upstream_->has_credential() && shown_.credential.empty());
  }

  // On behalf of that call; without a credential where it is shown none.
  state::UpstreamTokens::Demand DemandOf(const mcp::Call& call) const;
  // What tells apart what the server sees as different callers: in keys of what is kept of its
  // answers. Empty: nothing does.
  std::string KeyOf(const mcp::Call& call) const;

  state::UpstreamTokens& tokens() const { return tokens_; }
  const GovernedServer& server() const { return *server_; }

 private:
  // Whether a rule says so, and its name.
  struct Choice {
    std::string_view name;
    bool by_rule = false;
  };
  Choice Choose(const mcp::Call& call) const;

  const std::shared_ptr<const policy::UpstreamRules> upstream_;
  const std::shared_ptr<const GovernedServer> server_;
  const state::ShownServer shown_;
  state::UpstreamTokens& tokens_;
};

}  // namespace gateway
