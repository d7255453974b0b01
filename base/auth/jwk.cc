#include "base/auth/jwk.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/auth/api_key.h"
#include "base/auth/openssl.h"
#include "base/json.h"

namespace base::auth {
namespace {

using nlohmann::json;
using openssl::Bytes;
using openssl::Freer;

using Bignum = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

constexpr std::size_t kMaxSetBytes = 256 * 1024;
constexpr std::size_t kMaxKeys = 100;
constexpr std::size_t kMaxIdBytes = 512;
constexpr int kMinRsaBits = 2048;  // RFC 7518, 3.3
constexpr int kMaxRsaBits = 8192;
constexpr std::size_t kMaxExponentBytes = 8;
constexpr std::size_t kEd25519Bytes = 32;

constexpr std::array<std::pair<std::string_view, Algorithm>, 9> kAlgorithms = {{
    {"RS256", Algorithm::kRs256},
    {"RS384", Algorithm::kRs384},
    {"RS512", Algorithm::kRs512},
    {"PS256", Algorithm::kPs256},
    {"PS384", Algorithm::kPs384},
    {"PS512", Algorithm::kPs512},
    {"ES256", Algorithm::kEs256},
    {"ES384", Algorithm::kEs384},
    {"EdDSA", Algorithm::kEdDsa},
}};

Error Bad(std::string what) { return Fail(Code::kInvalidArgument, std::move(what)); }

const EVP_MD* DigestOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
    case Algorithm::kPs256:
    case Algorithm::kEs256: return EVP_sha256();
    case Algorithm::kRs384:
    case Algorithm::kPs384:
    case Algorithm::kEs384: return EVP_sha384();
    case Algorithm::kRs512:
    case Algorithm::kPs512: return EVP_sha512();
    case Algorithm::kEdDsa: return nullptr;
  }
  return nullptr;
}

bool IsPss(Algorithm algorithm) {
  return algorithm == Algorithm::kPs256 || algorithm == Algorithm::kPs384 ||
         algorithm == Algorithm::kPs512;
}

std::string Text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The member's bytes; nullopt when it is missing or no base64url.
std::optional<std::string> Octets(const json& jwk, const char* name) {
  const std::string text = Text(jwk, name);
  if (text.empty()) return std::nullopt;
  auto bytes = Base64UrlDecode(text);
  if (!bytes || bytes->empty()) return std::nullopt;
  return bytes;
}

// A key of what was pushed into the builder; null when OpenSSL refuses it.
EVP_PKEY* Make(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const openssl::PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return key;
}

std::shared_ptr<EVP_PKEY> Shared(EVP_PKEY* key) {
  return std::shared_ptr<EVP_PKEY>(key, [](EVP_PKEY* held) { EVP_PKEY_free(held); });
}

// R and S side by side (RFC 7518, 3.4) as the DER that OpenSSL reads; empty when they are not that.
std::string ToDer(std::string_view signature, std::size_t half) {
  if (signature.size() != 2 * half) return {};
  EcSignature parts(ECDSA_SIG_new());
  Bignum r(BN_bin2bn(Bytes(signature), static_cast<int>(half), nullptr));
  Bignum s(BN_bin2bn(Bytes(signature.substr(half)), static_cast<int>(half), nullptr));
  openssl::MustSucceed(parts && r && s);
  openssl::MustSucceed(ECDSA_SIG_set0(parts.get(), r.release(), s.release()) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace

std::optional<Algorithm> AlgorithmNamed(std::string_view name) {
  for (const auto& [known, algorithm] : kAlgorithms) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

std::string_view NameOf(Algorithm algorithm) {
  for (const auto& [name, known] : kAlgorithms) {
    if (known == algorithm) return name;
  }
  return "";
}

Result<Jwk> Jwk::Read(const json& jwk) {
  if (!jwk.is_object()) return Bad("is no JSON object");
  if (const std::string use = Text(jwk, "use"); !use.empty() && use != "sig")
    return Fail(Code::kUnimplemented, "is not for signatures");
  if (const auto operations = jwk.find("key_ops"); operations != jwk.end()) {
    bool verifies = false;
    for (const json& one : operations->is_array() ? *operations : json::array())
      verifies = verifies || one == "verify";
    if (!verifies) return Fail(Code::kUnimplemented, "is not for verifying");
  }
  const std::string type = Text(jwk, "kty");
  auto key = [&]() -> Result<Jwk> {
    if (type == "RSA") return ReadRsa(jwk);
    if (type == "EC") return ReadEc(jwk);
    if (type == "OKP" && Text(jwk, "crv") == "Ed25519") {
      const auto x = Octets(jwk, "x");
      if (!x) return Bad("'x' is not base64url");
      return FromEd25519(*x, "");
    }
    return Fail(Code::kUnimplemented, "is of a kind that is not used here");
  }();
  if (key.has_error()) return key;
  key->id_ = Text(jwk, "kid");
  if (key->id_.size() > kMaxIdBytes) return Bad("'kid' is too long");
  if (const std::string name = Text(jwk, "alg"); !name.empty()) {
    key->only_ = AlgorithmNamed(name);
    if (!key->only_ || !key->Suits(*key->only_))
      return Fail(Code::kUnimplemented, "is for an algorithm that is not used here");
  }
  return key;
}

Result<Jwk> Jwk::ReadRsa(const json& jwk) {
  const auto n = Octets(jwk, "n");
  const auto e = Octets(jwk, "e");
  if (!n || !e) return Bad("'n' and 'e' must be base64url");
  if (n->size() > kMaxRsaBits / 8 || e->size() > kMaxExponentBytes)
    return Bad("is larger than 8,192 bits");
  const Bignum modulus(BN_bin2bn(Bytes(*n), static_cast<int>(n->size()), nullptr));
  const Bignum exponent(BN_bin2bn(Bytes(*e), static_cast<int>(e->size()), nullptr));
  openssl::MustSucceed(modulus && exponent);
  if (BN_num_bits(modulus.get()) < kMinRsaBits) return Bad("is smaller than 2,048 bits");
  if (!BN_is_odd(modulus.get()) || !BN_is_odd(exponent.get()) || BN_is_one(exponent.get()))
    return Bad("is no RSA key");
  const Builder builder(OSSL_PARAM_BLD_new());
  openssl::MustSucceed(
      builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
  auto key = Shared(Make("RSA", builder.get()));
  if (!key) return Bad("is no RSA key");
  return Jwk(Type::kRsa, std::move(key));
}

Result<Jwk> Jwk::ReadEc(const json& jwk) {
  const std::string curve = Text(jwk, "crv");
  if (curve != "P-256" && curve != "P-384")
    return Fail(Code::kUnimplemented, "is on a curve that is not used here");
  const Type type = curve == "P-256" ? Type::kP256 : Type::kP384;
  const std::size_t half = type == Type::kP256 ? 32 : 48;
  const auto x = Octets(jwk, "x");
  const auto y = Octets(jwk, "y");
  if (!x || !y || x->size() != half || y->size() != half)
    return Bad("'x' and 'y' must be base64url of the curve's length");
  const std::string point = "\x04" + *x + *y;
  const Builder builder(OSSL_PARAM_BLD_new());
  openssl::MustSucceed(
      builder &&
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                      type == Type::kP256 ? "prime256v1" : "secp384r1", 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) == 1);
  auto key = Shared(Make("EC", builder.get()));
  if (!key) return Bad("is no point of its curve");
  const openssl::PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) return Bad("is no point of its curve");
  return Jwk(type, std::move(key));
}

Result<Jwk> Jwk::FromEd25519(std::string_view public_key, std::string id) {
  if (public_key.size() != kEd25519Bytes) return Bad("an Ed25519 key has 32 bytes");
  auto key = Shared(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key), public_key.size()));
  if (!key) return Bad("is no Ed25519 key");
  Jwk jwk(Type::kEd25519, std::move(key));
  jwk.id_ = std::move(id);
  return jwk;
}

bool Jwk::Suits(Algorithm algorithm) const {
  if (only_ && *only_ != algorithm) return false;
  switch (algorithm) {
    case Algorithm::kEs256: return type_ == Type::kP256;
    case Algorithm::kEs384: return type_ == Type::kP384;
    case Algorithm::kEdDsa: return type_ == Type::kEd25519;
    default: return type_ == Type::kRsa;
  }
}

bool Jwk::Verifies(Algorithm algorithm, std::string_view signed_part,
                   std::string_view signature) const {
  std::string der;
  if (algorithm == Algorithm::kEs256 || algorithm == Algorithm::kEs384) {
    der = ToDer(signature, algorithm == Algorithm::kEs256 ? 32 : 48);
    if (der.empty()) return false;
    signature = der;
  }
  const openssl::DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  if (!context || EVP_DigestVerifyInit(context.get(), &key_context, DigestOf(algorithm), nullptr,
                                       key_.get()) != 1)
    return false;
  // RFC 7518, 3.5: the salt is as long as the digest.
  if (IsPss(algorithm) &&
      (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(signed_part),
                          signed_part.size()) == 1;
}

Result<KeySet> ReadKeySet(std::string_view text) {
  const auto tree =
      ParseJson(text, {.max_bytes = kMaxSetBytes, .max_depth = 8, .max_values = 10'000});
  if (tree.has_error()) return tree.error().WithContext("the key set");
  const auto keys = tree->is_object() ? tree->find("keys") : tree->end();
  if (!tree->is_object() || keys == tree->end() || !keys->is_array())
    return Bad("the key set has no list 'keys'");
  if (keys->size() > kMaxKeys) return Bad("the key set has more than 100 keys");
  KeySet set;
  for (const json& one : *keys) {
    // RFC 7517, 5: what is not understood, or lacks something, is ignored.
    auto key = Jwk::Read(one);
    if (key.has_value()) set.push_back(std::move(*key));
  }
  if (set.empty()) return Bad("the key set has no key that verifies signatures");
  return set;
}

}  // namespace base::auth
