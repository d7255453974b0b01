// A TokenSigner makes keys and signs JSON Web Tokens with them, right or wrong, as a test asks.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/api_key.h"

namespace support {

class TokenSigner {
 public:
  // RS*, PS*, ES256, ES384 or EdDSA.
  TokenSigner(std::string algorithm, std::string key_id)
      : algorithm_(std::move(algorithm)), key_id_(std::move(key_id)), key_(MakeKey(algorithm_)) {}

  const std::string& key_id() const { return key_id_; }

  // The public half, as a key set holds it.
  nlohmann::json Jwk() const {
    nlohmann::json jwk = {{"kid", key_id_}, {"use", "sig"}};
    if (algorithm_ == "EdDSA") {
      std::string x(32, '\0');
      std::size_t size = x.size();
      EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(x.data()), &size);
      jwk.update({{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base::auth::Base64UrlEncode(x)}});
    } else if (algorithm_.starts_with("ES")) {
      const int half = Half();
      jwk.update({{"kty", "EC"},
                  {"crv", half == 32 ? "P-256" : "P-384"},
                  {"x", Number(OSSL_PKEY_PARAM_EC_PUB_X, half)},
                  {"y", Number(OSSL_PKEY_PARAM_EC_PUB_Y, half)}});
    } else {
      jwk.update({{"kty", "RSA"},
                  {"n", Number(OSSL_PKEY_PARAM_RSA_N, 0)},
                  {"e", Number(OSSL_PKEY_PARAM_RSA_E, 0)}});
    }
    return jwk;
  }

  // `header` is put over what is right.
  std::string Sign(const nlohmann::json& claims,
                   const nlohmann::json& header = nlohmann::json::object()) const {
    nlohmann::json whole = {{"alg", algorithm_}, {"typ", "JWT"}, {"kid", key_id_}};
    whole.update(header);
    return SignText(whole.dump(), claims.dump());
  }
  std::string SignText(std::string_view header, std::string_view claims) const {
    const std::string part =
        base::auth::Base64UrlEncode(header) + "." + base::auth::Base64UrlEncode(claims);
    return part + "." + base::auth::Base64UrlEncode(SignatureOf(part));
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;

  static Key MakeKey(const std::string& algorithm) {
    if (algorithm == "EdDSA") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (algorithm == "ES256") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    if (algorithm == "ES384") return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
    return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  }
  int Half() const { return algorithm_ == "ES256" ? 32 : 48; }

  std::string Number(const char* name, int bytes) const {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &number);
    const int size = bytes ? bytes : BN_num_bytes(number);
    std::string text(static_cast<std::size_t>(size), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), size);
    BN_free(number);
    return base::auth::Base64UrlEncode(text);
  }

  std::string SignatureOf(const std::string& part) const {
    const EVP_MD* digest = algorithm_ == "EdDSA"         ? nullptr
                           : algorithm_.ends_with("256") ? EVP_sha256()
                           : algorithm_.ends_with("384") ? EVP_sha384()
                                                         : EVP_sha512();
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* key_context = nullptr;
    EVP_DigestSignInit(context, &key_context, digest, nullptr, key_.get());
    if (algorithm_.starts_with("PS")) {
      EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(part.data());
    std::vector<unsigned char> signature(1024);
    std::size_t size = signature.size();
    EVP_DigestSign(context, signature.data(), &size, bytes, part.size());
    EVP_MD_CTX_free(context);
    if (!algorithm_.starts_with("ES"))
      return {signature.begin(), signature.begin() + static_cast<std::ptrdiff_t>(size)};
    const unsigned char* at = signature.data();
    ECDSA_SIG* parts = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    std::string raw(static_cast<std::size_t>(2 * Half()), '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(parts), out, Half());
    BN_bn2binpad(ECDSA_SIG_get0_s(parts), out + Half(), Half());
    ECDSA_SIG_free(parts);
    return raw;
  }

  std::string algorithm_;
  std::string key_id_;
  Key key_;
};

}  // namespace support
