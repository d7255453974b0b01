#include "base/auth/call_token.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/auth/api_key.h"
#include "base/auth/openssl.h"

namespace base::auth {
namespace {

using nlohmann::json;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::string_view kIssuer = "portolan-registry";

Error Refuse(std::string_view reason, std::string_view sentence) {
  return Fail(Code::kUnauthenticated, std::string(reason) + ": " + std::string(sentence));
}

// Names a key without saying anything about it.
std::string KeyName(std::string_view public_key) {
  return Base64UrlEncode(Sha256(public_key).substr(0, 9));
}

std::string SignatureOf(const SigningKeyPair& key, std::string_view message) {
  const openssl::Pkey own(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, openssl::Bytes(key.private_key), key.private_key.size()));
  const openssl::DigestContext context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  openssl::MustSucceed(
      own && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, own.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     openssl::Bytes(message), message.size()) == 1);
  return signature;
}

bool SignatureHolds(std::string_view public_key, std::string_view message,
                    std::string_view signature) {
  const openssl::Pkey key(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, openssl::Bytes(public_key), public_key.size()));
  const openssl::DigestContext context(EVP_MD_CTX_new());
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), openssl::Bytes(signature), signature.size(),
                          openssl::Bytes(message), message.size()) == 1;
}

struct Parts {
  std::string_view signed_part;
  json header;
  std::string payload;
  std::string signature;
};

std::optional<Parts> Split(std::string_view token) {
  if (token.size() > kMaxCallTokenBytes) return std::nullopt;
  const std::size_t first = token.find('.');
  if (first == token.npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  const auto header = Base64UrlDecode(token.substr(0, first));
  auto payload = Base64UrlDecode(token.substr(first + 1, second - first - 1));
  auto signature = Base64UrlDecode(token.substr(second + 1));
  if (!header || !payload || !signature) return std::nullopt;
  Parts parts{token.substr(0, second), json::parse(*header, nullptr, false), *std::move(payload),
              *std::move(signature)};
  if (!parts.header.is_object()) return std::nullopt;
  return parts;
}

// The member when it is a string, else empty.
std::string Text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<PrincipalKind> ParseKind(std::string_view name) {
  for (const PrincipalKind kind :
       {PrincipalKind::kAgent, PrincipalKind::kUser, PrincipalKind::kService}) {
    if (KindName(kind) == name) return kind;
  }
  return std::nullopt;
}

bool Names(const json& claims, std::string_view wanted) {
  const auto audience = claims.find("aud");
  if (audience == claims.end()) return false;
  if (audience->is_string()) return *audience == wanted;
  if (!audience->is_array()) return false;
  for (const json& one : *audience) {
    if (one.is_string() && one == wanted) return true;
  }
  return false;
}

Result<Principal> ReadClaims(std::string_view payload, std::int64_t now_unix_ms,
                             std::string_view audience) {
  const json claims = json::parse(payload, nullptr, false);
  if (!claims.is_object()) return Refuse("TokenMalformed", "the claims are no JSON object");
  const auto expiry = claims.find("exp");
  if (expiry == claims.end() || !expiry->is_number_integer()) {
    return Refuse("TokenClaimMissing", "the token has no expiry time");
  }
  if (now_unix_ms / 1000 >= expiry->get<std::int64_t>()) {
    return Refuse("TokenExpired", "the token has expired; get a new one from the registry");
  }
  if (Text(claims, "iss") != kIssuer) {
    return Refuse("TokenIssuerNotAllowed", "the token was not issued by the registry");
  }
  if (!Names(claims, audience)) {
    return Refuse("TokenAudienceNotAllowed",
                  "the token is not for " +
                      std::string(audience == kGatewayAudience ? "the gateways" : audience));
  }
  Principal principal;
  principal.id = Text(claims, "sub");
  principal.tenant = Text(claims, "tenant");
  principal.credential = Text(claims, "credential");
  principal.authentication = "call_token";
  const auto kind = ParseKind(Text(claims, "kind"));
  if (principal.id.empty() || !kind) {
    return Refuse("TokenClaimMissing", "the token does not say who calls");
  }
  principal.kind = *kind;
  if (const auto groups = claims.find("groups"); groups != claims.end() && groups->is_array()) {
    for (const json& group : *groups) {
      if (group.is_string()) principal.groups.push_back(group.get<std::string>());
    }
  }
  return principal;
}

}  // namespace

SigningKeyPair GenerateSigningKeyPair() {
  auto pair = SigningKeyPairFromSeed(RandomBytes(kKeyBytes));
  openssl::MustSucceed(pair.has_value());
  return *std::move(pair);
}

Result<SigningKeyPair> SigningKeyPairFromSeed(std::string_view seed) {
  if (seed.size() != kKeyBytes) return Fail(Code::kInvalidArgument, "an Ed25519 seed has 32 bytes");
  const openssl::Pkey key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, openssl::Bytes(seed), seed.size()));
  SigningKeyPair pair{std::string(kKeyBytes, '\0'), std::string(seed)};
  std::size_t size = kKeyBytes;
  openssl::MustSucceed(
      key && EVP_PKEY_get_raw_public_key(
                 key.get(), reinterpret_cast<unsigned char*>(pair.public_key.data()), &size) == 1);
  return pair;
}

std::string SignCallToken(const SigningKeyPair& key, const Principal& principal,
                          std::int64_t expires_unix_ms, std::string_view audience) {
  const json header = {{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", KeyName(key.public_key)}};
  json claims = {{"iss", kIssuer},
                 {"aud", audience},
                 {"sub", principal.id},
                 {"kind", KindName(principal.kind)},
                 {"exp", expires_unix_ms / 1000}};
  if (!principal.tenant.empty()) claims["tenant"] = principal.tenant;
  if (!principal.groups.empty()) claims["groups"] = principal.groups;
  if (!principal.credential.empty()) claims["credential"] = principal.credential;
  std::string token = Base64UrlEncode(header.dump()) + "." + Base64UrlEncode(claims.dump());
  const std::string signature = SignatureOf(key, token);
  return token + "." + Base64UrlEncode(signature);
}

bool IsCallTokenFor(std::string_view token, std::string_view audience) {
  const std::optional<Parts> parts = Split(token);
  if (!parts) return false;
  const json claims = json::parse(parts->payload, nullptr, false);
  return claims.is_object() && Text(claims, "iss") == kIssuer && Names(claims, audience);
}

Result<Principal> VerifyCallToken(std::span<const std::string> public_keys, std::string_view token,
                                  std::int64_t now_unix_ms, std::string_view audience) {
  const std::optional<Parts> parts = Split(token);
  if (!parts) return Refuse("TokenMalformed", "not a JSON Web Token");
  // The algorithm is ours, never the token's choice. `crit` names what a verifier must understand:
  // nothing, here.
  if (Text(parts->header, "alg") != "EdDSA") {
    return Refuse("TokenAlgorithmNotAllowed", "call tokens are signed with EdDSA");
  }
  if (parts->header.contains("crit")) {
    return Refuse("TokenMalformed", "the token's header holds 'crit'");
  }
  const std::string name = Text(parts->header, "kid");
  bool known = name.empty();
  for (const std::string& key : public_keys) {
    if (!name.empty() && KeyName(key) != name) continue;
    known = true;
    if (SignatureHolds(key, parts->signed_part, parts->signature)) {
      return ReadClaims(parts->payload, now_unix_ms, audience);
    }
  }
  if (!known) return Refuse("TokenKeyUnknown", "the token is signed with a key that is not ours");
  return Refuse("TokenSignatureInvalid", "the token's signature does not hold");
}

}  // namespace base::auth
