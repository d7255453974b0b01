// JSON Web Tokens (RFC 7519) in their compact form, signed (RFC 7515): read, then verified, each step
// with its reason.
//
//   auto jwt = ReadJwt(token);                      // shape and bounds; nothing is believed yet
//   VerifySignature(*jwt, keys, allowed);           // the key decides about the algorithm
//   CheckClaims(*jwt, rules, now);                  // iss, aud, exp, nbf, iat
//
// Every error is kUnauthenticated, and its message begins with the reason of policies.md:
// `TokenExpired: ...`. No message repeats the token.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/jwk.h"
#include "base/result.h"

namespace base::auth {

inline constexpr std::size_t kMaxTokenBytes = 16 * 1024;

struct Jwt {
  std::string algorithm;  // as the header says; AlgorithmNamed decides what it is worth
  std::string key_id;     // `kid`; may be empty
  std::string signed_part;
  std::string signature;
  nlohmann::json claims;  // an object

  // The claim when it is a string, else empty.
  std::string text(const char* claim) const;
};

// TokenMalformed: three parts of base64url, both first ones a JSON object without a key twice, no
// `crit`, at most kMaxTokenBytes.
Result<Jwt> ReadJwt(std::string_view token);

// TokenAlgorithmNotAllowed, TokenKeyUnknown, TokenSignatureInvalid. A token that names no key is
// tried with each that suits.
Result<void> VerifySignature(const Jwt& jwt, std::span<const Jwk> keys,
                             std::span<const Algorithm> allowed);

// By which somebody may be named in `aud`: `url` with one of `ends` behind it. Views.
struct OwnNames {
  std::string_view url;
  std::span<const std::string> ends;  // empty: by none

  bool Have(std::string_view name) const;
};

// Views.
struct ClaimRules {
  std::string_view issuer;                 // equals `iss` byte for byte
  std::span<const std::string> audiences;  // one of them is in `aud`
  OwnNames own_names;                      // or one of these
  std::int64_t clock_skew_s = 60;
};
// TokenIssuerNotAllowed, TokenAudienceNotAllowed, TokenExpired, TokenNotYetValid, TokenClaimMissing
// (`exp` must be there).
Result<void> CheckClaims(const Jwt& jwt, const ClaimRules& rules, std::int64_t now_unix_ms);

// "REASON: sentence"
Error TokenError(std::string_view reason, std::string_view sentence);

}  // namespace base::auth
