// Sealing with AES-256-GCM: what is sealed can be neither read nor changed without the key.
//
// One instance belongs to one thread: it keeps its OpenSSL contexts (0.3 us a seal instead of 1).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base::auth {

// A ring of 32-byte keys, newest first: the first seals, all open.
class Aead {
 public:
  explicit Aead(std::vector<std::string> keys);
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;

  // nonce (12) + ciphertext + tag (16). `context` must be the same to open; it is not part of the result.
  std::string Seal(std::string_view plaintext, std::string_view context);
  std::optional<std::string> Open(std::string_view sealed, std::string_view context);

 private:
  struct Contexts;
  std::vector<std::string> keys_;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace base::auth
