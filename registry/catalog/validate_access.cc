// Tokens, identity providers and role bindings.
#include <algorithm>

#include "base/auth/jwk.h"
#include "base/auth/jwks.h"
#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

constexpr int kMaxNamespaces = 256;
constexpr int kMaxSubjects = 256;
constexpr std::size_t kMaxSubjectBytes = 256;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kMaxIssuerBytes = 2048;
constexpr std::size_t kMaxClaimBytes = 256;
constexpr int kMaxAudiences = 32;
constexpr int kMaxAlgorithms = 9;
constexpr int kMaxSkewS = 600;

bool IsSubject(std::string_view subject) {
  const std::size_t colon = subject.find(':');
  if (colon == subject.npos || subject.size() > kMaxSubjectBytes) return false;
  const std::string_view of = subject.substr(0, colon);
  const std::string_view name = subject.substr(colon + 1);
  if (of == "token") return IsLabel(name);
  const std::size_t slash = name.find('/');
  const bool both = slash != name.npos && slash > 0 && slash + 1 < name.size();
  return (of == "group" && both) || (of == "principal" && !name.empty());
}

}  // namespace

base::Result<void> ValidateToken(std::string_view name, const v1::Token& token) {
  if (!IsLabel(name)) {
    return FieldError("/name",
                      "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
  }
  // The admin token of the data directory has this one.
  if (name == "admin") return FieldError("/name", "'admin' is reserved");
  if (token.description().size() > 4096)
    return FieldError("/spec/description", "at most 4,096 bytes");
  // Empty: as it is (exports leave it out).
  if (!token.sha256().empty() && token.sha256().size() != kHashBytes)
    return FieldError("/spec/sha256", "must have 32 bytes");
  if (token.expires_at_ms() < 0) return FieldError("/spec/expires_at_ms", "must not be negative");
  return {};
}

base::Result<void> ValidateIdentityProvider(std::string_view name,
                                            const v1::IdentityProvider& provider) {
  if (!IsLabel(name)) {
    return FieldError("/name",
                      "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
  }
  // NAME/SUBJECT would be one of our own principals.
  for (const std::string_view own : {"admin", "anonymous", "consumer", "gateway", "token"}) {
    if (name == own) return FieldError("/name", "'" + std::string(own) + "' is reserved");
  }
  if (provider.issuer().empty()) return FieldError("/spec/issuer", "is missing");
  if (provider.issuer().size() > kMaxIssuerBytes)
    return FieldError("/spec/issuer", "at most 2,048 bytes");
  if (provider.jwks_uri().size() > kMaxIssuerBytes)
    return FieldError("/spec/jwks_uri", "at most 2,048 bytes");
  const bool discovers = provider.jwks_uri().empty();
  const auto url = base::auth::KeyUrl(discovers ? provider.issuer() : provider.jwks_uri());
  if (url.has_error())
    return FieldError(discovers ? "/spec/issuer" : "/spec/jwks_uri", url.error().message);
  if (provider.audiences_size() == 0) return FieldError("/spec/audiences", "is missing");
  if (provider.audiences_size() > kMaxAudiences) return FieldError("/spec/audiences", "at most 32");
  for (int i = 0; i < provider.audiences_size(); ++i) {
    if (provider.audiences(i).empty() || provider.audiences(i).size() > kMaxIssuerBytes)
      return FieldError("/spec/audiences/" + std::to_string(i), "must have 1 to 2,048 bytes");
  }
  if (provider.algorithms_size() > kMaxAlgorithms)
    return FieldError("/spec/algorithms", "names one twice");
  for (int i = 0; i < provider.algorithms_size(); ++i) {
    if (base::auth::AlgorithmNamed(provider.algorithms(i))) continue;
    return FieldError("/spec/algorithms/" + std::to_string(i),
                      "must be RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA");
  }
  if (provider.clock_skew_s() < 0 || provider.clock_skew_s() > kMaxSkewS)
    return FieldError("/spec/clock_skew_s", "must be from 0 to 600");
  for (const auto& [pointer, claim] : {std::pair("/spec/subject_claim", provider.subject_claim()),
                                       std::pair("/spec/groups_claim", provider.groups_claim()),
                                       std::pair("/spec/tenant_claim", provider.tenant_claim())}) {
    if (claim.size() > kMaxClaimBytes) return FieldError(pointer, "at most 256 bytes");
  }
  return {};
}

base::Result<void> ValidateRoleBinding(const v1::RoleBinding& binding) {
  if (binding.role() == v1::Role::UNSPECIFIED) return FieldError("/spec/role", "is missing");
  if (binding.namespaces_size() > kMaxNamespaces)
    return FieldError("/spec/namespaces", "at most 256");
  for (int i = 0; i < binding.namespaces_size(); ++i) {
    if (IsNamespacePattern(binding.namespaces(i))) continue;
    return FieldError("/spec/namespaces/" + std::to_string(i),
                      "must be a namespace (io.github.acme), with '.*' behind it for those below");
  }
  if (binding.subjects_size() == 0) return FieldError("/spec/subjects", "is missing");
  if (binding.subjects_size() > kMaxSubjects) return FieldError("/spec/subjects", "at most 256");
  for (int i = 0; i < binding.subjects_size(); ++i) {
    if (IsSubject(binding.subjects(i))) continue;
    return FieldError("/spec/subjects/" + std::to_string(i),
                      "must be token:NAME, group:PROVIDER/GROUP or principal:ID");
  }
  return {};
}

}  // namespace registry
