// A Jwk is a public key that signs JSON Web Tokens (RFC 7517, 7518, 8037): RSA, EC on P-256 or P-384,
// or Ed25519. A key decides which algorithms it may be used with; a token never does.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct evp_pkey_st;

namespace base::auth {

// Signatures with public keys only: there is no `none` here, and no HMAC.
enum class Algorithm : std::uint8_t {
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEdDsa,
};

// `RS256`, ...; nullopt for every other name.
std::optional<Algorithm> AlgorithmNamed(std::string_view name);
std::string_view NameOf(Algorithm algorithm);

// Immutable; copies share the key. Any thread.
class Jwk {
 public:
  // kInvalidArgument says what is wrong; kUnimplemented: a key that is not for signatures, or of a
  // kind that we do not know (a set may hold such).
  static Result<Jwk> Read(const nlohmann::json& jwk);
  // 32 bytes.
  static Result<Jwk> FromEd25519(std::string_view public_key, std::string id);

  // `kid`; may be empty.
  const std::string& id() const { return id_; }
  // Whether the key's type, curve and own `alg` let it be used so.
  bool Suits(Algorithm algorithm) const;
  // REQUIRES: Suits(algorithm).
  bool Verifies(Algorithm algorithm, std::string_view signed_part,
                std::string_view signature) const;

 private:
  enum class Type : std::uint8_t { kRsa, kP256, kP384, kEd25519 };

  Jwk(Type type, std::shared_ptr<evp_pkey_st> key) : type_(type), key_(std::move(key)) {}
  static Result<Jwk> ReadRsa(const nlohmann::json& jwk);
  static Result<Jwk> ReadEc(const nlohmann::json& jwk);

  Type type_;
  std::string id_;
  std::optional<Algorithm> only_;
  // Never changed after it was made.
  std::shared_ptr<evp_pkey_st> key_;
};

using KeySet = std::vector<Jwk>;

// A JSON Web Key Set: at most 256 KiB and 100 keys. Keys that are of no use to us are left out; a set
// without any that is, is an error.
Result<KeySet> ReadKeySet(std::string_view text);

}  // namespace base::auth
