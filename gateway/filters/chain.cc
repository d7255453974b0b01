#include "gateway/filters/chain.h"

#include "gateway/filters/addresses.h"
#include "gateway/filters/approval.h"
#include "gateway/filters/authorize.h"
#include "gateway/filters/breaker.h"
#include "gateway/filters/cache.h"
#include "gateway/filters/hidden.h"
#include "gateway/filters/inspect_descriptions.h"
#include "gateway/filters/inspect_request.h"
#include "gateway/filters/inspect_results.h"
#include "gateway/filters/limits.h"
#include "gateway/filters/mock.h"
#include "gateway/filters/record.h"
#include "gateway/filters/retry.h"
#include "gateway/filters/show_credential.h"
#include "gateway/filters/terms.h"
#include "gateway/filters/validate_arguments.h"
#include "gateway/filters/validate_results.h"

namespace gateway {

// The rest of a list of filters, as the next Handler of the filter before it.
class Chain::Link final : public mcp::Handler {
 public:
  Link(const Filters& filters, std::size_t index, mcp::Handler& server)
      : filters_(filters), index_(index), server_(server) {}

  base::Task<mcp::Response> Handle(mcp::Call& call) override {
    if (index_ == filters_.size()) return server_.Handle(call);
    return ApplyFilter(call);
  }

 private:
  base::Task<mcp::Response> ApplyFilter(mcp::Call& call) {
    Link rest(filters_, index_ + 1, server_);
    co_return co_await filters_[index_]->Apply(call, rest);
  }

  const Filters& filters_;
  const std::size_t index_;
  mcp::Handler& server_;
};

Chain::Chain(const policy::EffectivePolicy& policy, const Target& target, state::RuleState& state)
    : style_(RefusalStyle::Of(policy)) {
  auto add = [this](auto filter) {
    if (!filter->empty()) filters_.push_back(std::move(filter));
  };
  const auto rules = std::make_shared<const AuthorizeRules>(policy);
  const auto validate = std::make_shared<const ValidateRules>(policy, target.server, state.schemas);
  const auto upstream = std::make_shared<const policy::UpstreamRules>(policy);
  const auto credentials = std::make_shared<const CredentialRules>(
      upstream, target.server, target.shown, state.upstream_tokens);
  const auto inspect = std::make_shared<const InspectRules>(policy, target.server, style_);
  const auto record = std::make_shared<const RecordRules>(policy, target.server);
  // THE ORDER. ip, authenticate and retired came before, on the head alone (edge/gate).
  add(std::make_unique<Record>(
      record));  // first: what refuses below is written down by the same rule
  add(std::make_unique<Addresses>(policy));  // who may not come from there learns nothing more
  if (target.approval != portolan::v1::Approval::APPROVED) {  // a held call is charged nowhere
    filters_.push_back(std::make_unique<Approval>(target.server->name, target.approval, style_));
  }
  add(std::make_unique<Hidden>(rules, target.server,
                               style_));  // who may not see an item is not told that it is held
  add(std::make_unique<Held>(target.server->items, target.unlisted, target.server->name,
                             style_));  // what changed is reviewed before anybody may pay for it
  add(std::make_unique<InspectDescriptions>(
      inspect));  // what hides in a definition reaches no model, and nothing behind it is called
  add(std::make_unique<ValidateArguments>(
      validate, style_));  // rules below ask for arguments: let them be what they should be
  add(std::make_unique<Authorize>(rules, target.server,
                                  style_));  // before limits: what is refused is charged nowhere
  add(std::make_unique<Limits>(policy, target.server,
                               state));  // behind what refuses; settles when all below has ended
  add(std::make_unique<InspectRequest>(
      inspect, record));  // costs the most of those that look, so behind all that refuse for less
  add(std::make_unique<Mock>(policy, target.server));  // stands in for the server and its cache
  add(std::make_unique<Cache>(policy, upstream, credentials, target.server,
                              state.results));               // keeps what was checked
  add(std::make_unique<ValidateResults>(validate, style_));  // what is given is what was checked
  add(std::make_unique<InspectResults>(inspect));            // next to the server: all that it says

  auto wrap = [this](auto filter) {
    if (!filter->empty()) round_.push_back(std::move(filter));
  };
  // THE ROUND, of each real server alone: lists are answered without it.
  wrap(std::make_unique<Terms>(upstream, target.server));  // first: every attempt is made on them
  wrap(std::make_unique<Retry>(upstream, target.server));  // outside: the breaker counts attempts
  wrap(std::make_unique<Breaker>(upstream, target.server, style_,
                                 state));  // before credentials: what is refused shows none
  wrap(std::make_unique<ShowCredential>(
      credentials));  // last: nothing after it can log what it adds
}

base::Task<mcp::Response> Chain::Run(mcp::Call& call, mcp::Handler& server) const {
  return filters_.empty() ? server.Handle(call) : RunAll(filters_, call, server);
}

base::Task<mcp::Response> Chain::RunRound(
    mcp::Call& call, mcp::Handler& backend,
    const std::shared_ptr<const mcp::UpstreamTerms>& own) const {
  if (round_.empty()) return backend.Handle(call);
  call.upstream = own;
  return RunAll(round_, call, backend);
}

base::Task<mcp::Response> Chain::RunAll(const Filters& filters, mcp::Call& call,
                                        mcp::Handler& server) {
  Link first(filters, 0, server);
  co_return co_await first.Handle(call);
}

}  // namespace gateway
