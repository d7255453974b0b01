// The Authenticator finds out who a caller is from what it shows (the admin token, a Token of the
// catalog, a token of an identity provider, a gateway's credential, a consumer's key, or the portal's cookie) and which roles it has. A proof that is shown and wrong is an
// error, never anonymous; only a session that has ended is, since the browser sends it by itself.
//
// Any thread. Gateway credentials and API keys are looked up in the catalog and the store (blocks
// for microseconds). What an identity provider's token needs from elsewhere is fetched by Prepare.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/auth/aead.h"
#include "base/auth/identity_providers.h"
#include "base/clock.h"
#include "base/result.h"
#include "portolan/v1/audit_service.pb.h"
#include "portolan/v1/resource.pb.h"
#include "registry/service/caller.h"
#include "registry/service/own_keys.h"

namespace registry {

namespace v1 = portolan::v1;

class Catalog;
class RoleBook;
class Store;

// What a Token begins with: `ptt_NAME_SECRET`.
inline constexpr std::string_view kTokenPrefix = "ptt_";

// What a request shows.
struct Proof {
  std::string_view authorization;  // the header's value
  std::string_view api_key;        // of X-Api-Key
  std::string_view session;        // of the cookie portolan_session
  bool local = false;
  // Of the peer, without port, and the door it came by: for the audit.
  std::string_view address = {};
  std::string_view face = {};
};

class Authenticator {
 public:
  Authenticator(const OwnKeys& keys, Catalog& catalog, Store& store, const RoleBook& roles,
                base::auth::IdentityProviders& providers, const base::Clock& clock);

  // Whether Prepare may have to wait.
  static bool MustPrepare(const Proof& proof);
  // `then` runs once, at once or on the registry's loop within five seconds, when the keys are here that
  // Identify needs, or cannot be had. It must neither throw nor block.
  void Prepare(const Proof& proof, std::function<void()> then);
  // kUnauthenticated: a proof was shown and is wrong.
  base::Result<Caller> Identify(const Proof& proof);
  // Whom a read capability stands for (base/auth/read_capability.h). kUnauthenticated: nobody.
  // What it may do is the door's matter: it must let it read only.
  base::Result<Caller> IdentifyCapability(std::string_view capability, std::string_view address,
                                          std::string_view face);

  // ---- Gateways

  // `pgw_NAME_SECRET`; only its hash is kept. Replaces the one from before. `joined` goes to the audit
  // with it.
  base::Result<std::string> NewGatewayCredential(const std::string& name,
                                                 const std::string& public_key,
                                                 portolan::v1::AuditRecord joined);
  // The X25519 key that the gateway joined with.
  base::Result<std::string> GatewayPublicKey(const std::string& name);
  bool IsJoinToken(std::string_view token) const;

  // ---- The portal

  // A link's secret: signs in once, within ten minutes, as admin.
  std::string NewLinkToken(std::int64_t& expires_at_ms);
  // The value of a session's cookie. kUnauthenticated: used, expired or unknown.
  base::Result<std::string> TradeLinkToken(std::string_view token);
  static constexpr std::int64_t kSessionMs = 12 * 60 * 60 * 1000;

 private:
  base::Result<Caller> IdentifyProof(const Proof& proof);
  base::Result<Caller> IdentifyMember(std::string_view token, bool local);
  base::Result<Caller> IdentifyByProvider(std::string_view token, bool local);
  base::Result<Caller> IdentifyRegistryToken(std::string_view token, bool local);
  // Whether the secret with this SHA-256 is the one that was shown.
  using Fits = std::function<bool(std::string_view sha256)>;
  // kUnauthenticated: no such one, another secret, revoked, or expired.
  base::Result<v1::Token> LivingToken(const std::string& name, const Fits& fits) const;
  base::Result<v1::ApiKey> LivingKey(std::string_view id, const Fits& fits) const;
  base::Result<Caller> CallerOfConsumer(const std::string& consumer, bool local) const;
  void GiveRoles(Caller& caller) const;
  base::Result<Caller> IdentifyToken(std::string_view token, bool local);
  base::Result<Caller> IdentifyGateway(std::string_view credential, bool local);
  base::Result<Caller> IdentifyKey(std::string_view key, bool local);
  base::Result<Caller> IdentifySession(std::string_view session, bool local);

  // Constant after construction
  const OwnKeys& keys_;
  Catalog& catalog_;
  Store& store_;
  const RoleBook& roles_;
  base::auth::IdentityProviders& providers_;
  const base::Clock& clock_;

  std::mutex mutex_;
  // Under mutex_
  base::auth::Aead seal_;
  std::map<std::string, std::int64_t> links_;  // SHA-256 of the token -> expiry
};

}  // namespace registry
