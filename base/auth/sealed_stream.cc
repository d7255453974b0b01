#include "base/auth/sealed_stream.h"

#include <array>

#include "base/auth/api_key.h"
#include "base/auth/openssl.h"

namespace base::auth {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr unsigned kLog2Cost = 17;
constexpr std::uint64_t kBlockSize = 8;
// More than a backup of ours asks for: a header is a stranger's word.
constexpr unsigned kMaxLog2Cost = 20;
constexpr std::uint64_t kMaxScryptBytes = std::uint64_t{2} << 30;

std::string KeyOf(std::string_view passphrase, std::string_view salt, unsigned log2_cost) {
  std::string key(kKeyBytes, '\0');
  const int made =
      EVP_PBE_scrypt(passphrase.data(), passphrase.size(), openssl::Bytes(salt), salt.size(),
                     std::uint64_t{1} << log2_cost, kBlockSize, 1, kMaxScryptBytes,
                     reinterpret_cast<unsigned char*>(key.data()), key.size());
  openssl::MustSucceed(made == 1);
  return key;
}

std::array<unsigned char, kNonceBytes> NonceOf(std::uint32_t number, StreamSealer::Place place) {
  std::array<unsigned char, kNonceBytes> nonce{};
  for (std::size_t i = 0; i < 4; ++i) {
    nonce[7 + i] = static_cast<unsigned char>(number >> (24 - 8 * i));
  }
  nonce[11] = place == StreamSealer::Place::kLast ? 1 : 0;
  return nonce;
}

}  // namespace

struct StreamSealer::Cipher {
  std::string key;
  std::uint32_t next = 0;
};

StreamSealer::StreamSealer(std::string_view passphrase)
    : header_(RandomBytes(kSaltBytes)), cipher_(std::make_unique<Cipher>()) {
  cipher_->key = KeyOf(passphrase, header_, kLog2Cost);
  header_ += static_cast<char>(kLog2Cost);
}
StreamSealer::~StreamSealer() = default;

std::string StreamSealer::Seal(std::string_view chunk, Place place) {
  const auto nonce = NonceOf(cipher_->next++, place);
  const openssl::CipherContext cipher(EVP_CIPHER_CTX_new());
  std::string sealed(chunk.size() + kStreamTagBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  int size = 0;
  openssl::MustSucceed(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                                          openssl::Bytes(cipher_->key), nonce.data()) == 1);
  openssl::MustSucceed(EVP_EncryptUpdate(cipher.get(), nullptr, &size, openssl::Bytes(header_),
                                         static_cast<int>(header_.size())) == 1);
  openssl::MustSucceed(EVP_EncryptUpdate(cipher.get(), out, &size, openssl::Bytes(chunk),
                                         static_cast<int>(chunk.size())) == 1);
  openssl::MustSucceed(EVP_EncryptFinal_ex(cipher.get(), out + size, &size) == 1);
  openssl::MustSucceed(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kStreamTagBytes,
                                           out + chunk.size()) == 1);
  return sealed;
}

std::uint64_t StreamSealer::SealedBytes(std::uint64_t plain_bytes) {
  const std::uint64_t chunks =
      plain_bytes == 0 ? 1 : (plain_bytes + kStreamChunkBytes - 1) / kStreamChunkBytes;
  return kStreamHeaderBytes + plain_bytes + chunks * kStreamTagBytes;
}

struct StreamOpener::Cipher {
  std::string header;
  std::string key;
  std::uint32_t next = 0;
};

StreamOpener::StreamOpener(std::unique_ptr<Cipher> cipher) : cipher_(std::move(cipher)) {}
StreamOpener::~StreamOpener() = default;
StreamOpener::StreamOpener(StreamOpener&&) noexcept = default;

Result<StreamOpener> StreamOpener::Begin(std::string_view passphrase, std::string_view header) {
  const unsigned log2_cost =
      header.size() == kStreamHeaderBytes ? static_cast<unsigned char>(header.back()) : 0;
  if (log2_cost < 1 || log2_cost > kMaxLog2Cost)
    return Fail(Code::kInvalidArgument, "its header is none of a sealed stream");
  auto cipher = std::make_unique<Cipher>();
  cipher->header = header;
  cipher->key = KeyOf(passphrase, header.substr(0, kSaltBytes), log2_cost);
  return StreamOpener(std::move(cipher));
}

Result<std::string> StreamOpener::Open(std::string_view sealed, StreamSealer::Place place) {
  const bool is_first = cipher_->next == 0;
  const auto nonce = NonceOf(cipher_->next++, place);
  const auto damaged = [&] {
    return Fail(Code::kDataLoss, is_first ? "the passphrase is wrong, or the file was altered"
                                          : "the file was altered or cut off");
  };
  if (sealed.size() < kStreamTagBytes) return damaged();
  const std::size_t bytes = sealed.size() - kStreamTagBytes;
  const openssl::CipherContext cipher(EVP_CIPHER_CTX_new());
  std::string plain(bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  std::string tag(sealed.substr(bytes));
  int size = 0;
  openssl::MustSucceed(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                                          openssl::Bytes(cipher_->key), nonce.data()) == 1);
  openssl::MustSucceed(
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kStreamTagBytes, tag.data()) == 1);
  openssl::MustSucceed(EVP_DecryptUpdate(cipher.get(), nullptr, &size,
                                         openssl::Bytes(cipher_->header),
                                         static_cast<int>(cipher_->header.size())) == 1);
  if (EVP_DecryptUpdate(cipher.get(), out, &size, openssl::Bytes(sealed),
                        static_cast<int>(bytes)) != 1 ||
      EVP_DecryptFinal_ex(cipher.get(), out + size, &size) != 1) {
    return damaged();
  }
  return plain;
}

}  // namespace base::auth
