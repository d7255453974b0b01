#include "registry/service/authenticator.h"

#include <charconv>

#include "base/auth/api_key.h"
#include "base/auth/read_capability.h"
#include "base/http/message.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/names.h"
#include "registry/service/registry_tokens.h"
#include "registry/service/role_book.h"
#include "registry/store/store.h"

namespace registry {
namespace {

using base::auth::Base64UrlDecode;
using base::auth::Base64UrlEncode;
using base::auth::ConstantTimeEquals;
using base::auth::RandomBytes;
using base::auth::Sha256;

constexpr std::string_view kGatewayPrefix = "pgw_";
constexpr std::string_view kKeyPrefix = "ptk_";
constexpr std::string_view kSessionContext = "portal_session";
constexpr std::int64_t kLinkMs = 10 * 60 * 1000;
constexpr std::size_t kMaxLinks = 1000;
constexpr std::size_t kHashBytes = 32;

base::Error Wrong(std::string message) {
  return base::Fail(base::Code::kUnauthenticated, std::move(message));
}

base::auth::Principal Admin(std::string_view authentication) {
  base::auth::Principal principal;
  principal.id = "token/admin";
  principal.kind = base::auth::PrincipalKind::kUser;
  principal.authentication = authentication;
  principal.roles = {base::auth::RoleGrant("admin")};
  return principal;
}

base::auth::PrincipalKind KindOf(v1::ConsumerKind::Value kind) {
  switch (kind) {
    case v1::ConsumerKind::USER: return base::auth::PrincipalKind::kUser;
    case v1::ConsumerKind::SERVICE: return base::auth::PrincipalKind::kService;
    default: return base::auth::PrincipalKind::kAgent;
  }
}

// What stands behind `Bearer`; empty when the header is of another kind.
std::string_view BearerOf(std::string_view authorization) {
  constexpr std::string_view kBearer = "Bearer ";
  if (authorization.size() <= kBearer.size() ||
      !base::http::EqualsIgnoreCase(authorization.substr(0, kBearer.size()), kBearer))
    return {};
  return authorization.substr(kBearer.size());
}

// Tells a token from another one of its name.
std::string CredentialOf(const v1::Token& token) { return std::to_string(token.created_at_ms()); }

std::string GatewayKey(std::string_view name) { return "gateway/" + std::string(name); }

}  // namespace

Authenticator::Authenticator(const OwnKeys& keys, Catalog& catalog, Store& store,
                             const RoleBook& roles, base::auth::IdentityProviders& providers,
                             const base::Clock& clock)
    : keys_(keys),
      catalog_(catalog),
      store_(store),
      roles_(roles),
      providers_(providers),
      clock_(clock),
      seal_({keys.master.key}) {}

bool Authenticator::MustPrepare(const Proof& proof) {
  return base::auth::IdentityProviders::LooksLikeJwt(BearerOf(proof.authorization));
}

void Authenticator::Prepare(const Proof& proof, std::function<void()> then) {
  providers_.Prepare(BearerOf(proof.authorization), std::move(then));
}

base::Result<Caller> Authenticator::Identify(const Proof& proof) {
  auto caller = IdentifyProof(proof);
  if (caller.has_error()) return caller;
  caller->address = proof.address;
  caller->face = proof.face;
  GiveRoles(*caller);
  return caller;
}

void Authenticator::GiveRoles(Caller& caller) const {
  for (base::auth::RoleGrant& grant : roles_.RolesOf(caller.principal)) {
    caller.principal.roles.push_back(std::move(grant));
  }
}

base::Result<Caller> Authenticator::IdentifyProof(const Proof& proof) {
  if (!proof.authorization.empty()) {
    const std::string_view bearer = BearerOf(proof.authorization);
    if (bearer.empty()) return Wrong("Authorization must be 'Bearer TOKEN'");
    // They open the registry API alone.
    if (proof.face == "registry_api" && RegistryTokens::LooksLike(bearer))
      return IdentifyRegistryToken(bearer, proof.local);
    return IdentifyToken(bearer, proof.local);
  }
  if (!proof.api_key.empty()) return IdentifyKey(proof.api_key, proof.local);
  if (!proof.session.empty()) return IdentifySession(proof.session, proof.local);
  return Caller{.principal = {}, .local = proof.local, .gateway = {}};
}

base::Result<Caller> Authenticator::IdentifyToken(std::string_view token, bool local) {
  if (token.starts_with(kGatewayPrefix)) return IdentifyGateway(token, local);
  if (token.starts_with(kKeyPrefix)) return IdentifyKey(token, local);
  if (token.starts_with(kTokenPrefix)) return IdentifyMember(token, local);
  if (base::auth::IdentityProviders::LooksLikeJwt(token)) return IdentifyByProvider(token, local);
  if (!ConstantTimeEquals(Sha256(token), Sha256(keys_.admin_token)))
    return Wrong("this token is not known here");
  return Caller{.principal = Admin("admin_token"), .local = local, .gateway = {}};
}

base::Result<Caller> Authenticator::IdentifyMember(std::string_view token, bool local) {
  const std::string_view rest = token.substr(kTokenPrefix.size());
  const std::string name(rest.substr(0, rest.find('_')));
  if (!IsLabel(name)) return Wrong("this token is not known here");
  const auto stored = LivingToken(
      name, [&](std::string_view hash) { return ConstantTimeEquals(hash, Sha256(token)); });
  if (stored.has_error()) return stored.error();
  Caller caller{.principal = {}, .local = local, .gateway = {}};
  caller.principal.id = "token/" + name;
  caller.principal.kind = base::auth::PrincipalKind::kUser;
  caller.principal.authentication = "token";
  caller.principal.credential = CredentialOf(*stored);
  return caller;
}

base::Result<Caller> Authenticator::IdentifyByProvider(std::string_view token, bool local) {
  const auto verdict = providers_.Verify(token);
  if (verdict.has_error()) return verdict.error();
  return Caller{.principal = **verdict, .local = local, .gateway = {}};
}

base::Result<Caller> Authenticator::IdentifyGateway(std::string_view credential, bool local) {
  const std::string_view rest = credential.substr(kGatewayPrefix.size());
  const std::string_view name = rest.substr(0, rest.find('_'));
  if (!IsLabel(name)) return Wrong("this gateway credential is not known here");
  const auto stored = store_.Value(GatewayKey(name));
  if (stored.has_error()) return stored.error();
  if (!*stored || !ConstantTimeEquals((*stored)->substr(0, kHashBytes), Sha256(credential))) {
    return Wrong("this gateway credential is not known here; join again");
  }
  Caller caller{.principal = {}, .local = local, .gateway = std::string(name)};
  caller.principal.id = "gateway/" + caller.gateway;
  caller.principal.kind = base::auth::PrincipalKind::kService;
  caller.principal.authentication = "gateway";
  caller.principal.roles = {base::auth::RoleGrant("gateway")};
  return caller;
}

base::Result<Caller> Authenticator::IdentifyKey(std::string_view key, bool local) {
  const auto id = base::auth::KeyId(key);
  if (!id) return Wrong("this is no key of ours");
  const auto stored = LivingKey(*id, [&](std::string_view hash) {
    return ConstantTimeEquals(hash, base::auth::HashKey(key));
  });
  if (stored.has_error()) return stored.error();
  auto caller = CallerOfConsumer(stored->consumer(), local);
  if (caller.has_value()) caller->principal.credential = *id;
  return caller;
}

base::Result<Caller> Authenticator::CallerOfConsumer(const std::string& consumer,
                                                     bool local) const {
  Caller caller{.principal = {}, .local = local, .gateway = {}};
  caller.principal.id = "consumer/" + consumer;
  caller.principal.kind = base::auth::PrincipalKind::kAgent;
  caller.principal.authentication = "api_key";
  if (const auto known = catalog_.Get("Consumer", consumer); known.has_value()) {
    caller.principal.kind = KindOf(known->consumer().kind());
    caller.principal.tenant = known->consumer().tenant();
  }
  return caller;
}

// ---- What lives

base::Result<v1::Token> Authenticator::LivingToken(const std::string& name,
                                                   const Fits& fits) const {
  auto resource = catalog_.Get("Token", name);
  if (resource.has_error()) {
    return resource.error().code == base::Code::kNotFound ? Wrong("this token is not known here")
                                                          : resource.error();
  }
  const v1::Token& token = resource->token();
  if (!fits(token.sha256())) return Wrong("this token is not known here");
  if (token.revoked()) return Wrong("this token has been revoked");
  if (token.expires_at_ms() != 0 && token.expires_at_ms() <= clock_.UnixMillis())
    return Wrong("this token has expired");
  return token;
}

base::Result<v1::ApiKey> Authenticator::LivingKey(std::string_view id, const Fits& fits) const {
  const auto resource = catalog_.Get("ApiKey", id);
  if (resource.has_error()) return Wrong("this key is not known here");
  const v1::ApiKey& key = resource->api_key();
  if (!fits(key.sha256())) return Wrong("this key is not known here");
  if (key.revoked()) return Wrong("this key has been revoked");
  if (key.suspended()) return Wrong("this key is suspended");
  if (key.expires_at_ms() != 0 && key.expires_at_ms() <= clock_.UnixMillis())
    return Wrong("this key has expired");
  return key;
}

base::Result<Caller> Authenticator::IdentifyRegistryToken(std::string_view token, bool local) {
  auto principal = RegistryTokens(keys_, clock_).Verify(token);
  if (principal.has_error()) return principal.error();
  Caller caller{.principal = std::move(*principal), .local = local, .gateway = {}};
  const std::size_t slash = caller.principal.id.find('/');
  const std::string of = caller.principal.id.substr(0, slash);
  if (of == "token") {
    const std::string name = caller.principal.id.substr(slash + 1);
    if (name == "admin") {
      caller.principal = Admin(caller.principal.authentication);
    } else {
      // Its signature proved it already.
      const auto living = LivingToken(name, [](std::string_view) { return true; });
      if (living.has_error()) return living.error();
      if (CredentialOf(*living) != caller.principal.credential)
        return Wrong("the token behind this one is gone");
    }
  } else if (of == "consumer") {
    const auto living =
        LivingKey(caller.principal.credential, [](std::string_view) { return true; });
    if (living.has_error()) return living.error();
  } else if (!providers_.Has(of)) {
    return Wrong("TokenIssuerNotAllowed: the identity provider '" + of + "' is not known any more");
  }
  return caller;
}

base::Result<Caller> Authenticator::IdentifyCapability(std::string_view capability,
                                                       std::string_view address,
                                                       std::string_view face) {
  using base::auth::CapabilityOf;
  const auto shown = base::auth::ReadCapability::Parse(capability);
  if (!shown || !IsLabel(shown->name)) return Wrong("this address is not known here");
  const Fits fits = [&](std::string_view hash) { return shown->Fits(hash); };
  Caller caller{.principal = {}, .local = false, .gateway = {}};
  if (shown->of == CapabilityOf::kToken) {
    const auto token = LivingToken(shown->name, fits);
    if (token.has_error()) return token.error();
    caller.principal.id = "token/" + shown->name;
    caller.principal.kind = base::auth::PrincipalKind::kUser;
  } else {
    const auto key = LivingKey(shown->name, fits);
    if (key.has_error()) return key.error();
    auto consumer = CallerOfConsumer(key->consumer(), /*local=*/false);
    if (consumer.has_error()) return consumer;
    caller = std::move(*consumer);
  }
  caller.principal.authentication = "capability";
  caller.address = address;
  caller.face = face;
  GiveRoles(caller);
  return caller;
}

// ---- Gateways

base::Result<std::string> Authenticator::NewGatewayCredential(const std::string& name,
                                                              const std::string& public_key,
                                                              v1::AuditRecord joined) {
  const std::string credential =
      std::string(kGatewayPrefix) + name + "_" + Base64UrlEncode(RandomBytes(32));
  const auto written = store_.Write([&](Transaction& transaction) -> base::Result<Store::Then> {
    if (const auto put = transaction.PutValue(GatewayKey(name), Sha256(credential) + public_key);
        put.has_error()) {
      return put.error();
    }
    if (const auto ok = AppendAudit(transaction, joined, clock_.UnixMillis()); ok.has_error())
      return ok.error();
    return Store::Then::kCommit;
  });
  if (written.has_error()) return written.error();
  return credential;
}

base::Result<std::string> Authenticator::GatewayPublicKey(const std::string& name) {
  const auto stored = store_.Value(GatewayKey(name));
  if (stored.has_error()) return stored.error();
  if (!*stored) return base::Fail(base::Code::kNotFound, "no gateway '" + name + "' has joined");
  return (*stored)->substr(kHashBytes);
}

bool Authenticator::IsJoinToken(std::string_view token) const {
  return ConstantTimeEquals(Sha256(token), Sha256(keys_.gateway_token));
}

// ---- The portal

std::string Authenticator::NewLinkToken(std::int64_t& expires_at_ms) {
  const std::string token = Base64UrlEncode(RandomBytes(32));
  const std::int64_t now = clock_.UnixMillis();
  expires_at_ms = now + kLinkMs;
  std::lock_guard lock(mutex_);
  std::erase_if(links_, [&](const auto& link) { return link.second <= now; });
  if (links_.size() >= kMaxLinks) links_.erase(links_.begin());
  links_[Sha256(token)] = expires_at_ms;
  return token;
}

base::Result<std::string> Authenticator::TradeLinkToken(std::string_view token) {
  const std::int64_t now = clock_.UnixMillis();
  std::lock_guard lock(mutex_);
  const auto link = links_.find(Sha256(token));
  if (link == links_.end() || link->second <= now) {
    return Wrong("this link has been used or has expired; print another with: portolan portal");
  }
  links_.erase(link);
  return Base64UrlEncode(seal_.Seal(std::to_string(now + kSessionMs), kSessionContext));
}

base::Result<Caller> Authenticator::IdentifySession(std::string_view session, bool local) {
  const auto sealed = Base64UrlDecode(session);
  std::optional<std::string> opened;
  if (sealed) {
    std::lock_guard lock(mutex_);
    opened = seal_.Open(*sealed, kSessionContext);
  }
  std::int64_t expires = 0;
  if (opened) std::from_chars(opened->data(), opened->data() + opened->size(), expires);
  // The browser sends it by itself: an ended session is no wrong proof, but nobody's.
  if (expires <= clock_.UnixMillis()) return Caller{.principal = {}, .local = local, .gateway = {}};
  return Caller{.principal = Admin("portal_session"), .local = local, .gateway = {}};
}

}  // namespace registry
