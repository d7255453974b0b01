#include "gateway/routing/route.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "gateway/backends/backend.h"
#include "gateway/routing/http_date.h"
#include "mcp/message.h"
#include "mcp/requests.h"
#include "policy/audience.h"
#include "policy/server_tags.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

// Clients write the URL of the whole gateway with and without a slash at its end.
std::vector<std::string> OwnEnds(const v1::Server& server) {
  std::vector<std::string> ends = {"", "/"};
  const auto add = [&](const std::string& base) {
    for (const char* face : {"/mcp", "/sse"}) ends.push_back("/" + base + face);
  };
  add(server.base_path());
  for (const std::string& alias : server.base_path_aliases()) add(alias);
  return ends;
}

policy::EffectivePolicy CombineFor(const Route::Inputs& inputs, const CallerPolicy& caller) {
  std::vector<policy::NamedSet> sets;
  const auto add = [&](const auto& entries) {
    for (const auto& entry : entries) sets.push_back({entry->name, &entry->spec});
  };
  const auto name_of = [](const std::shared_ptr<const ScopePolicy>& scope) {
    return scope ? std::string_view(scope->name) : std::string_view();
  };
  add(inputs.policies);
  if (caller.product) add(caller.product->sets);
  if (caller.consumer) add(caller.consumer->sets);
  return policy::Combine(sets, inputs.server->name, name_of(caller.consumer),
                         name_of(caller.product));
}

}  // namespace

EndNotice EndNotice::Of(const ServerEntry& server) {
  EndNotice notice;
  const bool deprecated = server.spec.lifecycle() == v1::Lifecycle::DEPRECATED;
  const bool retired = server.spec.lifecycle() == v1::Lifecycle::RETIRED;
  if (!deprecated && !retired) return notice;
  // Of a server that an older registry wrote, the last change is the nearest that is known.
  const std::int64_t since_ms =
      server.spec.ending_since_ms() != 0 ? server.spec.ending_since_ms() : server.updated_at_ms;
  const auto day = base::ParseRfc3339(server.spec.sunset() + "T00:00:00Z");
  if (deprecated) {
    notice.deprecation = "@" + std::to_string(since_ms / 1000);
    if (day) notice.sunset = HttpDate(*day);
  } else {
    // Retired before its day: it ended when it was retired.
    notice.sunset = HttpDate(day ? std::min(*day, since_ms) : since_ms);
  }
  return notice;
}

Route::Route(Inputs inputs, state::RuleState& state)
    : inputs_(std::move(inputs)),
      backend_key_(BackendKey(inputs_.server->name, inputs_.server->spec)),
      state_(state),
      end_notice_(EndNotice::Of(*inputs_.server)),
      for_everybody_(policy::IsForEverybody(inputs_.server->spec.visibility().audiences())),
      gate_(GateRules::Of(CombineFor(inputs_, {}))),
      own_ends_(OwnEnds(inputs_.server->spec)),
      chain_(Compile({})) {}

bool Route::IsSeenBy(const base::auth::Principal& who) const {
  return for_everybody_ ||
         policy::CanSeeAudiences(who, server_name(), spec().visibility().audiences());
}

std::string Route::SuccessorLinkFor(const base::auth::Principal& who) const {
  if (!inputs_.successor || end_notice_.empty()) return {};
  const ServerEntry& next = *inputs_.successor;
  if (!policy::CanSeeAudiences(who, next.name, next.spec.visibility().audiences())) return {};
  // Relative, so that it is right whatever name the caller has for this gateway.
  return "</" + next.spec.base_path() + "/mcp>; rel=\"successor-version\"";
}

const DefinitionLists* Route::lists_for(std::string_view method) const {
  if (!approved()) {
    // Its own description may be shown while it waits; its items may not.
    return method == mcp::kDiscoverMethod && inputs_.definitions ? inputs_.definitions.get()
                                                                 : &DefinitionLists::Empty();
  }
  if (method != mcp::kDiscoverMethod && spec().definitions() == v1::Definitions::PER_PRINCIPAL)
    return nullptr;
  return inputs_.definitions.get();
}

std::shared_ptr<const Chain> Route::Compile(const CallerPolicy& caller_policy) const {
  auto server = std::make_shared<GovernedServer>();
  server->name = server_name();
  server->tags_json = policy::TagsJson(spec());
  if (inputs_.definitions) server->items = inputs_.definitions->items();
  server->pool = spec().endpoint().has_pool();
  server->shared_items = spec().definitions() != v1::Definitions::PER_PRINCIPAL;
  Chain::Target target{std::move(server), spec().approval()};
  target.shown = state::ShownServer::Of(spec());
  const bool pinned = spec().on_definition_change() == v1::DefinitionChange::HOLD &&
                      spec().definitions() != v1::Definitions::PER_PRINCIPAL;
  if (pinned) target.unlisted = Held::Unlisted::kRefuse;
  return std::make_shared<Chain>(CombineFor(inputs_, caller_policy), target, state_);
}

std::shared_ptr<const Chain> Route::ChainFor(const CallerPolicy& caller_policy) const {
  if (!caller_policy) return chain_;
  const std::lock_guard lock(mutex_);
  if (const auto found = caller_chains_.find(caller_policy); found != caller_chains_.end())
    return found->second;
  // Full: begin again. Whoever still calls is compiled once more.
  if (caller_chains_.size() >= kMaxCallerChains) caller_chains_.clear();
  return caller_chains_.emplace(caller_policy, Compile(caller_policy)).first->second;
}

}  // namespace gateway
