#include "base/auth/identity_provider.h"

#include <algorithm>
#include <utility>

namespace base::auth {
namespace {

constexpr std::size_t kMaxSubjectBytes = 256;
constexpr std::size_t kMaxTenantBytes = 200;
constexpr std::size_t kMaxGroups = 500;

// It goes into names, logs and the audit.
bool IsPlain(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSubjectBytes &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// A token that a program got for itself. No standard says so; these are how providers do.
bool IsOfAService(const Jwt& jwt) {
  const std::string subject = jwt.text("sub");
  return jwt.text("idtyp") == "app" || jwt.text("gty") == "client-credentials" ||
         (!subject.empty() && (subject == jwt.text("client_id") || subject == jwt.text("azp")));
}

// All of them or an error: a rule may deny by a group.
Result<std::vector<std::string>> GroupsOf(const Jwt& jwt, const ProviderSettings& settings) {
  std::vector<std::string> groups;
  const auto found = jwt.claims.find(settings.groups_claim);
  if (found == jwt.claims.end()) return groups;
  const nlohmann::json one = nlohmann::json::array({*found});
  for (const nlohmann::json& group : found->is_array() ? *found : one) {
    if (!group.is_string()) continue;
    const std::string& name = group.get_ref<const std::string&>();
    if (!IsPlain(name))
      return TokenError("TokenMalformed", "a group's name is too long, or not plain text");
    groups.push_back(settings.name + "/" + name);
  }
  if (groups.size() > kMaxGroups)
    return TokenError("TokenMalformed", "the token names more than 500 groups");
  return groups;
}

bool Has(const std::vector<Algorithm>& list, Algorithm one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

}  // namespace

Result<void> IdentityProvider::Precheck(const Jwt& jwt, const TokenTerms& terms,
                                        const OwnNames& own_names, std::int64_t now_unix_ms) const {
  const auto algorithm = AlgorithmNamed(jwt.algorithm);
  const bool narrowed =
      algorithm && !terms.algorithms.empty() && !Has(terms.algorithms, *algorithm);
  if (!algorithm || !Has(settings_.algorithms, *algorithm) || narrowed) {
    return TokenError("TokenAlgorithmNotAllowed",
                      "the token's algorithm is not one of those allowed");
  }
  ClaimRules rules{.issuer = settings_.issuer, .audiences = terms.audiences, .own_names = {}};
  rules.clock_skew_s = terms.clock_skew_s.value_or(settings_.clock_skew_s);
  if (terms.own) rules.own_names = own_names;
  if (!terms.own && terms.audiences.empty()) rules.audiences = settings_.audiences;
  return CheckClaims(jwt, rules, now_unix_ms);
}

Result<void> IdentityProvider::Check(const ProvenToken& token, const TokenTerms& terms,
                                     const OwnNames& own_names, std::int64_t now_unix_ms) const {
  if (const auto ok = Precheck(token.jwt, terms, own_names, now_unix_ms); ok.has_error()) return ok;
  if (const auto ok = CheckDemands(token.jwt, terms.claims); ok.has_error()) return ok;
  return CheckScopes(token.jwt, terms.scopes);
}

Result<ProvenToken> IdentityProvider::Verify(Jwt jwt, const KeySet& keys) const {
  if (const auto ok = VerifySignature(jwt, keys, settings_.algorithms); ok.has_error())
    return ok.error();
  const std::string subject = jwt.text(settings_.subject_claim.c_str());
  if (!IsPlain(subject))
    return TokenError("TokenClaimMissing", "the token does not say who it is for");
  ProvenToken proven;
  Principal& principal = proven.principal;
  principal.id = settings_.name + "/" + subject;
  principal.kind = IsOfAService(jwt) ? PrincipalKind::kService : PrincipalKind::kUser;
  const std::string tenant = jwt.text(settings_.tenant_claim.c_str());
  if (IsPlain(tenant) && tenant.size() <= kMaxTenantBytes) principal.tenant = tenant;
  principal.authentication = "jwt";
  auto groups = GroupsOf(jwt, settings_);
  if (groups.has_error()) return groups.error();
  principal.groups = *std::move(groups);
  principal.claims_json = jwt.claims.dump();
  proven.jwt = std::move(jwt);
  proven.jwt.signed_part = {};
  proven.jwt.signature = {};
  return proven;
}

}  // namespace base::auth
