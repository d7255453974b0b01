#include "base/auth/jwt.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/auth/api_key.h"
#include "base/json.h"

namespace base::auth {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{.max_bytes = kMaxTokenBytes, .max_depth = 16, .max_values = 2000};

Error Malformed(std::string_view sentence) { return TokenError("TokenMalformed", sentence); }

Result<json> ReadPart(std::string_view part, std::string_view what) {
  const auto bytes = Base64UrlDecode(part);
  if (!bytes) return Malformed("the " + std::string(what) + " is not base64url");
  auto tree = ParseJson(*bytes, kLimits);
  // What the parser says may quote the token.
  if (tree.has_error() || !tree->is_object())
    return Malformed("the " + std::string(what) + " is not one JSON object without a key twice");
  return tree;
}

// Seconds since 1970, which may have a fraction (RFC 7519, NumericDate); nullopt: not there.
Result<std::optional<double>> Date(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::optional<double>();
  const double seconds = found->is_number() ? found->get<double>() : NAN;
  if (!std::isfinite(seconds)) return Malformed(std::string("'") + name + "' is not a time");
  return std::optional<double>(seconds);
}

bool IsAmong(std::span<const std::string> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsFor(const json& claims, const ClaimRules& rules) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  const auto ours = [&](const json& one) {
    if (!one.is_string()) return false;
    const std::string& name = one.get_ref<const std::string&>();
    return IsAmong(rules.audiences, name) || rules.own_names.Have(name);
  };
  return found->is_array() ? std::any_of(found->begin(), found->end(), ours) : ours(*found);
}

}  // namespace

Error TokenError(std::string_view reason, std::string_view sentence) {
  return Fail(Code::kUnauthenticated, std::string(reason) + ": " + std::string(sentence));
}

bool OwnNames::Have(std::string_view name) const {
  if (ends.empty() || !name.starts_with(url)) return false;
  return std::find(ends.begin(), ends.end(), name.substr(url.size())) != ends.end();
}

std::string Jwt::text(const char* claim) const {
  const auto found = claims.find(claim);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Jwt> ReadJwt(std::string_view token) {
  if (token.size() > kMaxTokenBytes) return Malformed("the token is too long");
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos)
    return Malformed("not a JSON Web Token");
  const auto header = ReadPart(token.substr(0, first), "header");
  if (header.has_error()) return header.error();
  auto claims = ReadPart(token.substr(first + 1, second - first - 1), "payload");
  if (claims.has_error()) return claims.error();
  auto signature = Base64UrlDecode(token.substr(second + 1));
  if (!signature) return Malformed("the signature is not base64url");
  // RFC 7515, 4.1.11: what must be understood and is not, is a reason to refuse.
  if (header->contains("crit")) return Malformed("the header holds 'crit'");
  const auto algorithm = header->find("alg");
  if (algorithm == header->end() || !algorithm->is_string())
    return Malformed("the header names no algorithm");
  const auto key_id = header->find("kid");
  if (key_id != header->end() && !key_id->is_string()) return Malformed("'kid' is not a string");

  Jwt jwt;
  jwt.algorithm = algorithm->get<std::string>();
  if (key_id != header->end()) jwt.key_id = key_id->get<std::string>();
  jwt.signed_part = token.substr(0, second);
  jwt.signature = *std::move(signature);
  jwt.claims = *std::move(claims);
  return jwt;
}

Result<void> VerifySignature(const Jwt& jwt, std::span<const Jwk> keys,
                             std::span<const Algorithm> allowed) {
  const auto algorithm = AlgorithmNamed(jwt.algorithm);
  if (!algorithm || std::find(allowed.begin(), allowed.end(), *algorithm) == allowed.end())
    return TokenError("TokenAlgorithmNotAllowed",
                      "the token's algorithm is not one of those allowed");
  bool known = false;
  bool suits = false;
  for (const Jwk& key : keys) {
    if (!jwt.key_id.empty() && key.id() != jwt.key_id) continue;
    known = true;
    if (!key.Suits(*algorithm)) continue;
    suits = true;
    if (key.Verifies(*algorithm, jwt.signed_part, jwt.signature)) return {};
  }
  if (!known)
    return TokenError("TokenKeyUnknown", "the token is signed with a key that is not known");
  if (!suits)
    return TokenError("TokenAlgorithmNotAllowed", "the token's key is not for its algorithm");
  return TokenError("TokenSignatureInvalid", "the token's signature does not hold");
}

Result<void> CheckClaims(const Jwt& jwt, const ClaimRules& rules, std::int64_t now_unix_ms) {
  const auto issuer = jwt.claims.find("iss");
  if (issuer == jwt.claims.end() || !issuer->is_string() ||
      issuer->get_ref<const std::string&>() != rules.issuer)
    return TokenError("TokenIssuerNotAllowed", "the token was issued by somebody else");
  if (!IsFor(jwt.claims, rules))
    return TokenError("TokenAudienceNotAllowed", "the token is for somebody else");
  const double now = static_cast<double>(now_unix_ms) / 1000;
  const auto skew = static_cast<double>(rules.clock_skew_s);
  const auto expires = Date(jwt.claims, "exp");
  if (expires.has_error()) return expires.error();
  if (!*expires) return TokenError("TokenClaimMissing", "the token has no expiry time");
  if (now >= **expires + skew)
    return TokenError("TokenExpired", "the token has expired; sign in again");
  for (const char* name : {"nbf", "iat"}) {
    const auto from = Date(jwt.claims, name);
    if (from.has_error()) return from.error();
    if (*from && now + skew < **from)
      return TokenError("TokenNotYetValid", "the token is not valid yet");
  }
  return {};
}

}  // namespace base::auth
