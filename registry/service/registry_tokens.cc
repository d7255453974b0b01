#include "registry/service/registry_tokens.h"

#include <span>

namespace registry {
namespace {

constexpr std::int64_t kLifetimeMs = 5 * 60 * 1000;
constexpr std::string_view kAudience = "portolan-registry-api";
constexpr std::string_view kAuthentication = "registry_token";

}  // namespace

base::Result<RegistryTokens::Issued> RegistryTokens::Issue(const Caller& caller) const {
  if (caller.principal.anonymous()) {
    return base::Fail(base::Code::kUnauthenticated,
                      "log in with a token of this registry (portolan token create NAME --role "
                      "publisher): mcp-publisher login github --token ptt_...");
  }
  if (!caller.gateway.empty() || caller.principal.authentication == kAuthentication) {
    return base::Fail(base::Code::kPermissionDenied,
                      "a registry token is given for a token, a key or a person's sign-in only");
  }
  const std::int64_t expires_at_ms = clock_.UnixMillis() + kLifetimeMs;
  return Issued{
      base::auth::SignCallToken(keys_.call_tokens, caller.principal, expires_at_ms, kAudience),
      expires_at_ms / 1000};
}

bool RegistryTokens::LooksLike(std::string_view token) {
  return base::auth::IsCallTokenFor(token, kAudience);
}

base::Result<base::auth::Principal> RegistryTokens::Verify(std::string_view token) const {
  auto principal = base::auth::VerifyCallToken(std::span(&keys_.call_tokens.public_key, 1), token,
                                               clock_.UnixMillis(), kAudience);
  if (principal.has_value()) principal->authentication = kAuthentication;
  return principal;
}

}  // namespace registry
