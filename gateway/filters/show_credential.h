// ShowCredential shows the server what it is to be shown on behalf of the call: the last filter before it,
// so that nothing can log or keep what it adds.
//
// Where a token must be fetched the call waits; a server that takes a token no more (401) has done
// nothing, and is asked once more with a new one. The caller's own proof never travels.
#pragma once

#include <memory>

#include "gateway/filters/credential_rules.h"
#include "gateway/filters/filter.h"

namespace gateway {

class ShowCredential final : public Filter {
 public:
  explicit ShowCredential(std::shared_ptr<const CredentialRules> rules)
      : rules_(std::move(rules)) {}

  bool empty() const { return rules_->empty(); }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  using Answer = base::Result<state::UpstreamTokens::Pointer>;
  base::Task<Answer> Show(mcp::Call& call, state::UpstreamTokens::Demand demand) const;
  mcp::Response Refuse(mcp::Call& call, const base::Error& error) const;

  const std::shared_ptr<const CredentialRules> rules_;
};

}  // namespace gateway
