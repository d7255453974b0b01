// A Route is one server as the gateway serves it: its spec, what it offers, who may come to it, and
// the chain that governs its calls.
//
// Immutable and shared by all workers; a running call keeps the one it began with. Chains of
// callers with policy sets of their own are compiled when they first call, and kept in a bounded
// table of the route.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/auth/principal.h"
#include "gateway/filters/chain.h"
#include "gateway/routing/callers.h"
#include "gateway/routing/definitions.h"
#include "gateway/routing/gate_rules.h"
#include "gateway/routing/snapshot.h"
#include "gateway/state/rule_state.h"

namespace gateway {

// What callers of a server that ends are told, as header lines' values; empty: nothing.
struct EndNotice {
  std::string deprecation;  // RFC 9745
  std::string sunset;       // RFC 8594

  bool empty() const { return deprecation.empty() && sunset.empty(); }
  static EndNotice Of(const ServerEntry& server);
};

class Route {
 public:
  // Everything a route is made from. Equal inputs make equal routes.
  struct Inputs {
    std::shared_ptr<const ServerEntry> server;
    std::shared_ptr<const DefinitionLists> definitions;  // null: never listed
    std::vector<std::shared_ptr<const PolicyEntry>> policies;
    // To use instead; null: none that could be called.
    std::shared_ptr<const ServerEntry> successor;

    friend bool operator==(const Inputs&, const Inputs&) = default;
  };
  Route(Inputs inputs, state::RuleState& state);

  const Inputs& inputs() const { return inputs_; }
  const std::string& server_name() const { return inputs_.server->name; }
  const portolan::v1::Server& spec() const { return inputs_.server->spec; }
  const std::string& base_path() const { return spec().base_path(); }
  // Changes exactly when another backend is needed.
  const std::string& backend_key() const { return backend_key_; }

  bool approved() const { return spec().approval() == portolan::v1::Approval::APPROVED; }
  bool retired() const { return spec().lifecycle() == portolan::v1::Lifecycle::RETIRED; }
  const EndNotice& end_notice() const { return end_notice_; }
  // Link of an ending server (RFC 8288, successor-version) for that caller; empty: there is none that it sees.
  std::string SuccessorLinkFor(const base::auth::Principal& who) const;
  // Whether its audiences have that principal, or a role has the server. To all others it is not
  // there.
  bool IsSeenBy(const base::auth::Principal& who) const;
  bool for_everybody() const { return for_everybody_; }

  const GateRules& gate() const { return gate_; }
  // What stands behind the gateway's URL where a token is made for this server: its paths, or nothing, which is the
  // whole gateway.
  const std::vector<std::string>& own_ends() const { return own_ends_; }
  // The lists to answer from; null: ask the server.
  const DefinitionLists* lists_for(std::string_view method) const;
  // The chain of calls that these sets govern besides the route's own.
  std::shared_ptr<const Chain> ChainFor(const CallerPolicy& caller_policy) const;

 private:
  std::shared_ptr<const Chain> Compile(const CallerPolicy& caller_policy) const;

  static constexpr std::size_t kMaxCallerChains = 1'000;

  // Constant after construction
  const Inputs inputs_;
  const std::string backend_key_;
  state::RuleState& state_;
  const EndNotice end_notice_;
  const bool for_everybody_;
  GateRules gate_;
  const std::vector<std::string> own_ends_;
  std::shared_ptr<const Chain> chain_;

  // By address: the policies are held, so that their addresses stay their own.
  struct PolicyHash {
    std::size_t operator()(const CallerPolicy& policy) const {
      const std::hash<const void*> hash;
      return hash(policy.product.get()) * 31 + hash(policy.consumer.get());
    }
  };
  mutable std::mutex mutex_;  // guards the table below; held for a look-up, or to compile one chain
  mutable std::unordered_map<CallerPolicy, std::shared_ptr<const Chain>, PolicyHash> caller_chains_;
};

}  // namespace gateway
