#include "base/auth/token_terms.h"

#include <algorithm>
#include <string_view>

namespace base::auth {
namespace {

bool HasEntry(std::string_view text, std::string_view separator, std::string_view wanted) {
  while (!separator.empty()) {
    const std::size_t end = text.find(separator);
    if (text.substr(0, end) == wanted) return true;
    if (end == text.npos) return false;
    text.remove_prefix(end + separator.size());
  }
  return text == wanted;
}

// Whether the claim is that text, or has it among its entries.
bool Holds(const nlohmann::json& claim, std::string_view separator, std::string_view wanted) {
  if (claim.is_string()) return HasEntry(claim.get_ref<const std::string&>(), separator, wanted);
  if (!claim.is_array()) return claim.is_primitive() && claim.dump() == wanted;
  return std::any_of(claim.begin(), claim.end(), [&](const nlohmann::json& entry) {
    return entry.is_string() ? entry.get_ref<const std::string&>() == wanted
                             : entry.is_primitive() && entry.dump() == wanted;
  });
}

bool Meets(const nlohmann::json& claims, const ClaimDemand& demand) {
  const auto claim = claims.find(demand.name);
  if (claim == claims.end() || claim->is_null()) return false;
  if (demand.values.empty()) return true;
  const auto holds = [&](const std::string& value) {
    return Holds(*claim, demand.separator, value);
  };
  return demand.all ? std::all_of(demand.values.begin(), demand.values.end(), holds)
                    : std::any_of(demand.values.begin(), demand.values.end(), holds);
}

// RFC 8693, 4.2, a text with blanks; Entra's `scp`, too; others write a list.
bool HasScope(const nlohmann::json& claims, std::string_view scope) {
  for (const char* name : {"scope", "scp"}) {
    const auto claim = claims.find(name);
    if (claim != claims.end() && Holds(*claim, " ", scope)) return true;
  }
  return false;
}

}  // namespace

Result<void> CheckDemands(const Jwt& jwt, std::span<const ClaimDemand> demands) {
  for (const ClaimDemand& demand : demands) {
    if (Meets(jwt.claims, demand)) continue;
    return TokenError("TokenClaimMissing",
                      "the token's claim '" + demand.name + "' is not as it must be here");
  }
  return {};
}

Result<void> CheckScopes(const Jwt& jwt, std::span<const std::string> scopes) {
  for (const std::string& scope : scopes) {
    if (HasScope(jwt.claims, scope)) continue;
    return TokenError("ScopeMissing", "the token does not have the scope '" + scope + "'");
  }
  return {};
}

}  // namespace base::auth
