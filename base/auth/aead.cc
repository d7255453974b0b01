#include "base/auth/aead.h"

#include <cassert>

#include "base/auth/api_key.h"
#include "base/auth/openssl.h"

namespace base::auth {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

}  // namespace

// Keyed once; a call sets only the nonce.
struct Aead::Contexts {
  openssl::CipherContext seal;
  std::vector<openssl::CipherContext> open;
};

Aead::Aead(std::vector<std::string> keys)
    : keys_(std::move(keys)), contexts_(std::make_unique<Contexts>()) {
  for (const std::string& key : keys_) {
    assert(key.size() == kKeyBytes);
    openssl::MustSucceed(key.size() == kKeyBytes);
    openssl::CipherContext context(EVP_CIPHER_CTX_new());
    openssl::MustSucceed(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                                            openssl::Bytes(key), nullptr) == 1);
    contexts_->open.push_back(std::move(context));
  }
  if (keys_.empty()) return;
  contexts_->seal.reset(EVP_CIPHER_CTX_new());
  openssl::MustSucceed(EVP_EncryptInit_ex(contexts_->seal.get(), EVP_aes_256_gcm(), nullptr,
                                          openssl::Bytes(keys_.front()), nullptr) == 1);
}

Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

std::string Aead::Seal(std::string_view plaintext, std::string_view context) {
  EVP_CIPHER_CTX* cipher = contexts_->seal.get();
  openssl::MustSucceed(cipher != nullptr);
  std::string sealed = RandomBytes(kNonceBytes);
  sealed.resize(kNonceBytes + plaintext.size() + kTagBytes);
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  int written = 0;
  openssl::MustSucceed(EVP_EncryptInit_ex(cipher, nullptr, nullptr, nullptr, out) == 1);
  openssl::MustSucceed(EVP_EncryptUpdate(cipher, nullptr, &written, openssl::Bytes(context),
                                         static_cast<int>(context.size())) == 1);
  openssl::MustSucceed(EVP_EncryptUpdate(cipher, out + kNonceBytes, &written,
                                         openssl::Bytes(plaintext),
                                         static_cast<int>(plaintext.size())) == 1);
  openssl::MustSucceed(EVP_EncryptFinal_ex(cipher, out + kNonceBytes + written, &written) == 1);
  openssl::MustSucceed(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, kTagBytes,
                                           out + kNonceBytes + plaintext.size()) == 1);
  return sealed;
}

std::optional<std::string> Aead::Open(std::string_view sealed, std::string_view context) {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const std::string_view nonce = sealed.substr(0, kNonceBytes);
  const std::string_view ciphertext =
      sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string plaintext(ciphertext.size(), '\0');
  auto* out = reinterpret_cast<unsigned char*>(plaintext.data());
  for (const openssl::CipherContext& key : contexts_->open) {
    EVP_CIPHER_CTX* cipher = key.get();
    int written = 0;
    const bool authentic =
        EVP_DecryptInit_ex(cipher, nullptr, nullptr, nullptr, openssl::Bytes(nonce)) == 1 &&
        EVP_DecryptUpdate(cipher, nullptr, &written, openssl::Bytes(context),
                          static_cast<int>(context.size())) == 1 &&
        EVP_DecryptUpdate(cipher, out, &written, openssl::Bytes(ciphertext),
                          static_cast<int>(ciphertext.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher, out + written, &written) == 1;
    if (authentic) return plaintext;
  }
  return std::nullopt;
}

}  // namespace base::auth
