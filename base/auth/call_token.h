// Call tokens: five-minute JWTs (RFC 7519, EdDSA of RFC 8037) that the registry signs for its own people and gateways
// verify with its public keys. A token counts only with the audience that it was made for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/auth/principal.h"
#include "base/result.h"

namespace base::auth {

struct SigningKeyPair {
  std::string public_key;   // Ed25519, 32 bytes
  std::string private_key;  // 32 bytes (the seed)
};
SigningKeyPair GenerateSigningKeyPair();
// The pair of a seed.
Result<SigningKeyPair> SigningKeyPairFromSeed(std::string_view seed);

inline constexpr std::string_view kGatewayAudience = "portolan-gateway";
// A longer one is not looked at. Somebody in a few hundred groups; below the 32 KiB of a request's
// head.
inline constexpr std::size_t kMaxCallTokenBytes = 24 * 1024;

// Says who, by which credential, and of which groups; not with which roles, since those are the catalog's to say when
// it is shown. REQUIRES: whoever shows it to somebody checks kMaxCallTokenBytes.
std::string SignCallToken(const SigningKeyPair& key, const Principal& principal,
                          std::int64_t expires_unix_ms,
                          std::string_view audience = kGatewayAudience);

// kUnauthenticated; the message begins with the reason of policies.md: `TokenExpired`, `TokenSignatureInvalid`, ...
Result<Principal> VerifyCallToken(std::span<const std::string> public_keys, std::string_view token,
                                  std::int64_t now_unix_ms,
                                  std::string_view audience = kGatewayAudience);
// Whether a bearer looks like one of these at all: the signature is not looked at.
bool IsCallTokenFor(std::string_view token, std::string_view audience);

}  // namespace base::auth
