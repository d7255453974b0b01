// A read capability stands in a URL for a token or a key, of clients that can send no header:
// `tok_ci_MAC` for the token `ptt_ci_SECRET`, `key_ID_MAC` for the key `ptk_ID_SECRET`.
//
// MAC is made of the secret's hash and leads back to neither, so whoever reads the URL can read
// what the token may read, and can do nothing else as it. It ends when the token or key does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base::auth {

enum class CapabilityOf { kToken, kKey };

struct ReadCapability {
  CapabilityOf of = CapabilityOf::kToken;
  std::string name;  // of the token, or the key's id
  std::string mac;

  // Nullopt: not of that form.
  static std::optional<ReadCapability> Parse(std::string_view text);
  // Of a whole `ptt_...` or `ptk_...`; nullopt for anything else, as the admin token.
  static std::optional<ReadCapability> For(std::string_view credential);
  std::string ToString() const;
  // Whether it was made for the credential with this SHA-256.
  bool Fits(std::string_view sha256) const;
};

}  // namespace base::auth
