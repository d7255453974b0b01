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

}  // namespace

IdentityProvider::IdentityProvider(ProviderSettings settings)
    : settings_(std::move(settings)),
      rules_{settings_.issuer, settings_.audiences, settings_.clock_skew_s} {}

Result<void> IdentityProvider::Precheck(const Jwt& jwt, std::int64_t now_unix_ms) const {
  const auto algorithm = AlgorithmNamed(jwt.algorithm);
  const auto& allowed = settings_.algorithms;
  if (!algorithm || std::find(allowed.begin(), allowed.end(), *algorithm) == allowed.end()) {
    return TokenError("TokenAlgorithmNotAllowed",
                      "the token's algorithm is not one of those allowed");
  }
  return CheckClaims(jwt, rules_, now_unix_ms);
}

Result<Principal> IdentityProvider::Verify(const Jwt& jwt, const KeySet& keys,
                                           std::int64_t now_unix_ms) const {
  if (const auto ok = Precheck(jwt, now_unix_ms); ok.has_error()) return ok.error();
  if (const auto ok = VerifySignature(jwt, keys, settings_.algorithms); ok.has_error())
    return ok.error();
  const std::string subject = jwt.text(settings_.subject_claim.c_str());
  if (!IsPlain(subject))
    return TokenError("TokenClaimMissing", "the token does not say who it is for");
  Principal principal;
  principal.id = settings_.name + "/" + subject;
  principal.kind = IsOfAService(jwt) ? PrincipalKind::kService : PrincipalKind::kUser;
  const std::string tenant = jwt.text(settings_.tenant_claim.c_str());
  if (IsPlain(tenant) && tenant.size() <= kMaxTenantBytes) principal.tenant = tenant;
  principal.authentication = "jwt";
  auto groups = GroupsOf(jwt, settings_);
  if (groups.has_error()) return groups.error();
  principal.groups = *std::move(groups);
  principal.claims_json = jwt.claims.dump();
  return principal;
}

std::int64_t IdentityProvider::ExpiryMs(const Jwt& jwt) const {
  const double seconds =
      jwt.claims.at("exp").get<double>() + static_cast<double>(settings_.clock_skew_s);
  return static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e12) * 1000);
}

}  // namespace base::auth
