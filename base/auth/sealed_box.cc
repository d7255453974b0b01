#include "base/auth/sealed_box.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/auth/aead.h"
#include "base/auth/openssl.h"

namespace base::auth {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::string_view kInfo = "portolan sealed box v1";

openssl::Pkey PublicKey(std::string_view raw) {
  return openssl::Pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, openssl::Bytes(raw), raw.size()));
}

openssl::Pkey PrivateKey(std::string_view raw) {
  return openssl::Pkey(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, openssl::Bytes(raw), raw.size()));
}

BoxKeyPair Raw(EVP_PKEY* key) {
  BoxKeyPair pair{std::string(kKeyBytes, '\0'), std::string(kKeyBytes, '\0')};
  std::size_t size = kKeyBytes;
  openssl::MustSucceed(
      EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(pair.public_key.data()),
                                  &size) == 1 &&
      EVP_PKEY_get_raw_private_key(key, reinterpret_cast<unsigned char*>(pair.private_key.data()),
                                   &size) == 1);
  return pair;
}

// The agreed key. Both public keys go into it, so that a box cannot be passed off as another's.
// Fails for a public key of low order, whose agreement everybody knows.
Result<std::string> Agree(EVP_PKEY* own, std::string_view peer, std::string_view ephemeral,
                          std::string_view recipient) {
  const openssl::Pkey peer_key = PublicKey(peer);
  const openssl::PkeyContext agreement(EVP_PKEY_CTX_new(own, nullptr));
  std::string shared(kKeyBytes, '\0');
  std::size_t size = shared.size();
  const bool agreed =
      peer_key && agreement && EVP_PKEY_derive_init(agreement.get()) == 1 &&
      EVP_PKEY_derive_set_peer(agreement.get(), peer_key.get()) == 1 &&
      EVP_PKEY_derive(agreement.get(), reinterpret_cast<unsigned char*>(shared.data()), &size) == 1;
  if (!agreed) return Fail(Code::kInvalidArgument, "not an X25519 public key");

  std::string salt = std::string(ephemeral) + std::string(recipient);
  std::string info(kInfo);
  std::string digest = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, shared.data(), shared.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  const openssl::Kdf hkdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const openssl::KdfContext derivation(EVP_KDF_CTX_new(hkdf.get()));
  std::string key(kKeyBytes, '\0');
  openssl::MustSucceed(EVP_KDF_derive(derivation.get(),
                                      reinterpret_cast<unsigned char*>(key.data()), key.size(),
                                      parameters) == 1);
  return key;
}

}  // namespace

BoxKeyPair GenerateBoxKeyPair() {
  const openssl::Pkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  openssl::MustSucceed(key != nullptr);
  return Raw(key.get());
}

Result<BoxKeyPair> BoxKeyPairFromPrivate(std::string_view private_key) {
  const openssl::Pkey key = PrivateKey(private_key);
  if (!key) return Fail(Code::kInvalidArgument, "not an X25519 private key");
  return Raw(key.get());
}

Result<SealedBox> SealTo(std::string_view public_key, std::string_view plaintext) {
  if (public_key.size() != kKeyBytes) {
    return Fail(Code::kInvalidArgument, "an X25519 public key has 32 bytes");
  }
  const openssl::Pkey ephemeral(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  openssl::MustSucceed(ephemeral != nullptr);
  SealedBox box;
  box.ephemeral_public_key = Raw(ephemeral.get()).public_key;
  const auto key = Agree(ephemeral.get(), public_key, box.ephemeral_public_key, public_key);
  if (!key) return key.error();
  const std::string sealed = Aead({*key}).Seal(plaintext, kInfo);
  box.nonce = sealed.substr(0, kNonceBytes);
  box.ciphertext = sealed.substr(kNonceBytes);
  return box;
}

Result<std::string> OpenBox(const BoxKeyPair& keys, const SealedBox& box) {
  if (box.ephemeral_public_key.size() != kKeyBytes || box.nonce.size() != kNonceBytes) {
    return Fail(Code::kInvalidArgument, "the sealed box is malformed");
  }
  const openssl::Pkey own = PrivateKey(keys.private_key);
  if (!own) return Fail(Code::kInvalidArgument, "not an X25519 private key");
  const auto key =
      Agree(own.get(), box.ephemeral_public_key, box.ephemeral_public_key, keys.public_key);
  if (!key) return key.error();
  std::optional<std::string> plaintext = Aead({*key}).Open(box.nonce + box.ciphertext, kInfo);
  if (!plaintext) {
    return Fail(Code::kInvalidArgument, "the box is sealed to another key, or was changed");
  }
  return *std::move(plaintext);
}

}  // namespace base::auth
