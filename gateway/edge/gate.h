// The Gate admits or refuses an exchange on its head alone: a stranger's body is never read.
//
// Immutable but for what lives in gateway/state; one for each worker, so that its keys need no
// lock. No I/O, no waiting: a token whose issuer's keys must be fetched first comes a second time.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/auth/identity_providers.h"
#include "base/auth/principal.h"
#include "base/clock.h"
#include "base/http/server.h"
#include "gateway/edge/caller_address.h"
#include "gateway/edge/endpoint_path.h"
#include "gateway/edge/given_roles.h"
#include "gateway/edge/hosts.h"
#include "gateway/routing/compiler.h"
#include "gateway/state/flood_guard.h"
#include "gateway/state/tokens.h"
#include "mcp/error.h"
#include "mcp/record.h"
#include "policy/address_set.h"

namespace gateway {

struct GateOptions {
  Hosts hosts;
  policy::AddressSet trusted_proxies;
};

// A refusal at the gate: nothing of the body is known, so its id is null and its form is HTTP's.
struct GateRefusal {
  int status = 403;
  mcp::CallError error;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Who was admitted where. Holds what the exchange needs as long as it runs.
struct Admission {
  Admission() = default;
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  const Route* route = nullptr;  // null when refused
  Face face = Face::kMcp;
  const base::auth::Principal* principal = nullptr;
  CallerPolicy caller_policy;
  // Set when the principal is not one of the table's.
  std::shared_ptr<const base::auth::Principal> verified;
  GateRefusal refusal;

  // A token that can be judged only when its issuer's keys are here: to be prepared for these uses.
  bool waits = false;
  std::string_view token;
  std::vector<base::auth::TokenUse> uses;
  std::size_t prepared = 0;
  // What the uses look at.
  std::string own_url;

  bool admitted() const { return route != nullptr; }
  // False.
  bool Refuse(int status, int code, std::string_view reason, std::string message);
};

class Gate {
 public:
  // All references outlive the gate.
  Gate(const GateOptions& options, state::FloodGuard& flood, state::Tokens& tokens,
       base::auth::IdentityProviders& providers, const base::Clock& clock);

  // Ed25519 public keys of the registry.
  void SetCallTokenKeys(std::vector<std::string> keys) { call_token_keys_ = std::move(keys); }

  // Decides, and begins the record. `table` and the head outlive the admission. While it waits: prepare its token,
  // then Resume.
  void Admit(const base::http::Exchange& exchange, const RouteTable& table, mcp::Record& record,
             Admission& admission);
  void Resume(const base::http::Exchange& exchange, const RouteTable& table, mcp::Record& record,
              Admission& admission);

  // This gateway's URL by the name that the caller has for it; empty: by none of ours.
  std::string OwnUrl(const base::http::Exchange& exchange) const;

  // Whether a preflight of the portal may be answered (Fetch, CORS).
  bool IsPortalPreflight(const base::http::RequestHead& head) const;
  // Not empty: the Access-Control-Allow-Origin of the answers to this request.
  std::string_view AllowedOrigin(const base::http::RequestHead& head) const;

 private:
  using Step = bool;  // false: refused, and `admission.refusal` says how

  // Who asks for what.
  struct Visit {
    const base::http::Exchange& exchange;
    const RouteTable& table;
    const Route& route;
    const CallerAddress& caller;
  };

  void BeginRecord(const base::http::Exchange& exchange, mcp::Record& record);
  void Decide(const base::http::Exchange& exchange, const RouteTable& table, mcp::Record& record,
              Admission& admission);
  Step FindRoute(const base::http::RequestHead& head, const RouteTable& table, Admission& admission,
                 mcp::Record& record) const;
  Step CheckVisible(const Route& route, Admission& admission, mcp::Record& record) const;
  Step CheckAddress(const Route& route, const boost::asio::ip::address& address,
                    Admission& admission, mcp::Record& record) const;
  Step CheckHostAndOrigin(const base::http::RequestHead& head, Admission& admission) const;
  Step CheckFlood(const CallerAddress& caller, Admission& admission) const;
  Step Authenticate(const Visit& visit, Admission& admission, mcp::Record& record);
  Step CheckKey(const Visit& visit, std::string_view key, Admission& admission,
                mcp::Record& record);
  Step CheckToken(const Visit& visit, std::string_view token, Admission& admission,
                  mcp::Record& record);
  Step CheckCallToken(const Visit& visit, std::string_view token, Admission& admission);
  Step CheckProviderToken(const Visit& visit, const base::auth::TokenKey& token,
                          Admission& admission, mcp::Record& record);
  Step CheckStanding(const Visit& visit, Admission& admission, mcp::Record& record);
  Step AdmitConsumer(const Visit& visit, const Caller& consumer, Admission& admission,
                     mcp::Record& record);
  Step CheckNobody(const Visit& visit, Admission& admission, mcp::Record& record);
  Step RefuseCaller(const Visit& visit, Admission& admission, std::string_view reason,
                    std::string message) const;
  // `rule` demands another proof than was shown.
  Step RefuseByRule(const Visit& visit, const AuthenticateRule& rule, Admission& admission,
                    mcp::Record& record) const;
  Step CheckRetired(const Route& route, Admission& admission) const;
  Step CheckEntitled(const Visit& visit, Admission& admission, mcp::Record& record) const;

  // Constant after construction
  const GateOptions& options_;
  state::FloodGuard& flood_;
  state::Tokens& tokens_;
  base::auth::IdentityProviders& providers_;
  const base::Clock& clock_;
  const base::auth::Principal anonymous_;

  std::vector<std::string> call_token_keys_;
  GivenRoles roles_;
};

}  // namespace gateway
