// The Gate admits or refuses an exchange on its head alone: a stranger's body is never read.
//
// Immutable but for what lives in gateway/state; one for each worker, so that its keys need no
// lock. No I/O, no waiting.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/auth/principal.h"
#include "base/clock.h"
#include "base/http/server.h"
#include "gateway/edge/caller_address.h"
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

// What of an endpoint a path means.
enum class Face { kMcp, kSse, kMessages };

// Who was admitted where. Holds what the exchange needs as long as it runs.
struct Admission {
  const Route* route = nullptr;  // null when refused
  Face face = Face::kMcp;
  const base::auth::Principal* principal = nullptr;
  std::shared_ptr<const CallerPolicy> caller_policy;
  // Set when the principal is not one of the table's.
  std::shared_ptr<const base::auth::Principal> verified;
  GateRefusal refusal;

  bool admitted() const { return route != nullptr; }
};

class Gate {
 public:
  // All references outlive the gate.
  Gate(const GateOptions& options, state::FloodGuard& flood, state::Tokens& tokens,
       const base::Clock& clock);

  // Ed25519 public keys of the registry.
  void SetCallTokenKeys(std::vector<std::string> keys) { call_token_keys_ = std::move(keys); }

  // Decides, and begins the record. `table` outlives the admission.
  Admission Admit(const base::http::Exchange& exchange, const RouteTable& table,
                  mcp::Record& record);

  // Whether a preflight of the portal may be answered (Fetch, CORS).
  bool IsPortalPreflight(const base::http::RequestHead& head) const;
  // Not empty: the Access-Control-Allow-Origin of the answers to this request.
  std::string_view AllowedOrigin(const base::http::RequestHead& head) const;

 private:
  using Step = bool;  // false: refused, and `admission.refusal` says how

  void BeginRecord(const base::http::Exchange& exchange, mcp::Record& record);
  Step FindRoute(const base::http::RequestHead& head, const RouteTable& table, Admission& admission,
                 mcp::Record& record) const;
  Step CheckVisible(const Route& route, Admission& admission, mcp::Record& record) const;
  Step CheckAddress(const Route& route, const boost::asio::ip::address& address,
                    Admission& admission, mcp::Record& record) const;
  Step CheckHostAndOrigin(const base::http::RequestHead& head, Admission& admission) const;
  Step CheckFlood(const CallerAddress& caller, Admission& admission) const;
  Step Authenticate(const base::http::RequestHead& head, const Route& route,
                    const RouteTable& table, const CallerAddress& caller, Admission& admission,
                    mcp::Record& record);
  Step CheckToken(std::string_view token, Admission& admission);
  Step CheckRetired(const Route& route, Admission& admission) const;

  // Constant after construction
  const GateOptions& options_;
  state::FloodGuard& flood_;
  state::Tokens& tokens_;
  const base::Clock& clock_;
  const base::auth::Principal anonymous_;

  std::vector<std::string> call_token_keys_;
};

}  // namespace gateway
