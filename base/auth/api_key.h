// API keys: `ptk_ID_SECRET`, where ID names the key and SECRET is 256 random bits in base64url. Only the hash is ever stored;
// a hash without salt or stretching is enough for a secret of full entropy.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base::auth {

struct NewKey {
  std::string id;      // 12 characters [a-z0-9]
  std::string key;     // shown once
  std::string sha256;  // 32 bytes
};

NewKey GenerateKey();
// The ID of a well-formed key.
std::optional<std::string_view> KeyId(std::string_view key);
std::string HashKey(std::string_view key);
// In time that does not depend on the contents.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

// `bytes` from the system's generator.
std::string RandomBytes(std::size_t bytes);
std::string Base64UrlEncode(std::string_view bytes);  // no padding
std::optional<std::string> Base64UrlDecode(std::string_view text);
std::string Sha256(std::string_view bytes);
std::string Hex(std::string_view bytes);

}  // namespace base::auth
