// Sealing to a public key: an ephemeral X25519 agreement, HKDF-SHA256 over both public keys, AES-256-GCM.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base::auth {

struct BoxKeyPair {
  std::string public_key;   // 32 bytes
  std::string private_key;  // 32 bytes
};
BoxKeyPair GenerateBoxKeyPair();
// The pair of a private key.
Result<BoxKeyPair> BoxKeyPairFromPrivate(std::string_view private_key);

struct SealedBox {
  std::string ephemeral_public_key;
  std::string nonce;
  std::string ciphertext;  // with tag
};

// kInvalidArgument when the key is not one.
Result<SealedBox> SealTo(std::string_view public_key, std::string_view plaintext);
Result<std::string> OpenBox(const BoxKeyPair& keys, const SealedBox& box);

}  // namespace base::auth
