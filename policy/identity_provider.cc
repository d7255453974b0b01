#include "policy/identity_provider.h"

#include <algorithm>
#include <string>

#include "base/auth/jwks.h"

namespace policy {

namespace v1 = portolan::v1;

namespace {

constexpr std::size_t kMaxIssuerBytes = 2048;
constexpr std::size_t kMaxClaimBytes = 256;
constexpr int kMaxAudiences = 32;
constexpr int kMaxClientIds = 16;
constexpr int kMaxAlgorithms = 9;
constexpr int kMaxSkewS = 600;

constexpr std::string_view kEntra = "https://login.microsoftonline.com/";

base::Error Bad(std::string_view pointer, std::string_view what) {
  return base::Fail(base::Code::kInvalidArgument, std::string(pointer) + ": " + std::string(what));
}

bool IsGuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

base::Result<void> CheckEntra(const v1::IdentityProvider& provider) {
  for (const auto& [pointer, given] :
       {std::pair("/spec/issuer", !provider.issuer().empty()),
        std::pair("/spec/jwks_uri", !provider.jwks_uri().empty()),
        std::pair("/spec/audiences", provider.audiences_size() > 0)}) {
    if (given) return Bad(pointer, "is what 'entra' stands for; one of them is enough");
  }
  const v1::Entra& entra = provider.entra();
  if (!IsGuid(entra.tenant()))
    return Bad("/spec/entra/tenant", "must be the directory's id: a GUID");
  if (entra.client_ids().empty() || entra.client_ids_size() > kMaxClientIds)
    return Bad("/spec/entra/client_ids", "must be 1 to 16");
  for (int i = 0; i < entra.client_ids_size(); ++i) {
    if (!IsGuid(entra.client_ids(i)))
      return Bad("/spec/entra/client_ids/" + std::to_string(i),
                 "must be an application's id: a GUID");
  }
  return {};
}

base::Result<void> CheckIssuer(const v1::IdentityProvider& provider) {
  if (provider.issuer().empty()) return Bad("/spec/issuer", "is missing");
  if (provider.issuer().size() > kMaxIssuerBytes) return Bad("/spec/issuer", "at most 2,048 bytes");
  if (provider.jwks_uri().size() > kMaxIssuerBytes)
    return Bad("/spec/jwks_uri", "at most 2,048 bytes");
  const bool discovers = provider.jwks_uri().empty();
  const auto url = base::auth::KeyUrl(discovers ? provider.issuer() : provider.jwks_uri());
  if (url.has_error())
    return Bad(discovers ? "/spec/issuer" : "/spec/jwks_uri", url.error().message);
  return {};
}

base::Result<void> CheckAudiences(const v1::IdentityProvider& provider) {
  if (provider.audiences_size() == 0) return Bad("/spec/audiences", "is missing");
  if (provider.audiences_size() > kMaxAudiences) return Bad("/spec/audiences", "at most 32");
  for (int i = 0; i < provider.audiences_size(); ++i) {
    if (provider.audiences(i).empty() || provider.audiences(i).size() > kMaxIssuerBytes)
      return Bad("/spec/audiences/" + std::to_string(i), "must have 1 to 2,048 bytes");
  }
  return {};
}

void Override(std::string& setting, const std::string& by) {
  if (!by.empty()) setting = by;
}

}  // namespace

v1::IdentityProvider WrittenOut(const v1::IdentityProvider& provider) {
  v1::IdentityProvider whole = provider;
  if (!provider.has_entra()) return whole;
  whole.clear_entra();
  whole.set_issuer(std::string(kEntra) + provider.entra().tenant() + "/v2.0");
  for (const std::string& client : provider.entra().client_ids()) {
    whole.add_audiences(client);
    whole.add_audiences("api://" + client);
  }
  if (whole.groups_claim().empty()) whole.set_groups_claim("roles");
  return whole;
}

base::Result<void> Validate(const v1::IdentityProvider& provider) {
  if (provider.has_entra()) {
    if (auto ok = CheckEntra(provider); !ok) return ok;
  } else {
    if (auto ok = CheckIssuer(provider); !ok) return ok;
    if (auto ok = CheckAudiences(provider); !ok) return ok;
  }
  if (provider.algorithms_size() > kMaxAlgorithms)
    return Bad("/spec/algorithms", "names one twice");
  for (int i = 0; i < provider.algorithms_size(); ++i) {
    if (base::auth::AlgorithmNamed(provider.algorithms(i))) continue;
    return Bad("/spec/algorithms/" + std::to_string(i),
               "must be RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA");
  }
  if (provider.clock_skew_s() < 0 || provider.clock_skew_s() > kMaxSkewS)
    return Bad("/spec/clock_skew_s", "must be from 0 to 600");
  for (const auto& [pointer, claim] : {std::pair("/spec/subject_claim", provider.subject_claim()),
                                       std::pair("/spec/groups_claim", provider.groups_claim()),
                                       std::pair("/spec/tenant_claim", provider.tenant_claim())}) {
    if (claim.size() > kMaxClaimBytes) return Bad(pointer, "at most 256 bytes");
  }
  return {};
}

base::auth::ProviderSettings SettingsOf(std::string_view name,
                                        const v1::IdentityProvider& provider) {
  const v1::IdentityProvider spec = WrittenOut(provider);
  base::auth::ProviderSettings settings;
  settings.name = name;
  settings.issuer = spec.issuer();
  settings.jwks_uri = spec.jwks_uri();
  settings.audiences.assign(spec.audiences().begin(), spec.audiences().end());
  if (spec.algorithms_size() > 0) {
    // None that is not known becomes "all": validation has refused it.
    settings.algorithms.clear();
    for (const std::string& one : spec.algorithms()) {
      if (const auto known = base::auth::AlgorithmNamed(one)) settings.algorithms.push_back(*known);
    }
  }
  if (spec.clock_skew_s() != 0) settings.clock_skew_s = spec.clock_skew_s();
  Override(settings.subject_claim, spec.subject_claim());
  Override(settings.groups_claim, spec.groups_claim());
  Override(settings.tenant_claim, spec.tenant_claim());
  return settings;
}

}  // namespace policy
