#include "registry/service/own_keys.h"

#include <functional>

#include "base/auth/aead.h"
#include "base/auth/api_key.h"
#include "base/auth/secret_file.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr std::size_t kKeyBytes = 32;

std::string NewToken() { return base::auth::Base64UrlEncode(base::auth::RandomBytes(kKeyBytes)); }

// Files end with a line feed where people edit them.
std::string WithoutLineEnd(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

base::Result<std::string> TokenFile(const std::filesystem::path& path) {
  auto token = base::auth::ReadOrCreateSecretFile(path, NewToken);
  if (token.has_error()) return token.error();
  std::string text = WithoutLineEnd(std::move(*token));
  if (text.size() < 16)
    return base::Fail(base::Code::kFailedPrecondition,
                      path.string() + ": too short to be a secret");
  return text;
}

// The value under `name`, opened; made, sealed and stored first where it is missing.
base::Result<std::string> SealedValue(Store& store, base::auth::Aead& seal, const std::string& name,
                                      const std::function<std::string()>& make) {
  const std::string key = "sealed/" + name;
  std::string value;
  const auto written = store.Write([&](Transaction& transaction) -> base::Result<Store::Then> {
    const auto stored = transaction.Value(key);
    if (stored.has_error()) return stored.error();
    if (*stored) {
      const auto opened = seal.Open(**stored, key);
      if (!opened) {
        return base::Fail(base::Code::kFailedPrecondition,
                          "master.key is not the one this database was sealed with (" + name + ")");
      }
      value = *opened;
      return Store::Then::kUndo;
    }
    value = make();
    if (const auto put = transaction.PutValue(key, seal.Seal(value, key)); put.has_error())
      return put.error();
    return Store::Then::kCommit;
  });
  if (written.has_error()) return written.error();
  return value;
}

}  // namespace

base::Result<OwnKeys> OwnKeys::Open(const std::filesystem::path& data, Store& store) {
  OwnKeys keys;
  const auto master = TokenFile(data / "master.key");
  if (master.has_error()) return master.error();
  const auto master_bytes = base::auth::Base64UrlDecode(*master);
  if (!master_bytes || master_bytes->size() != kKeyBytes) {
    return base::Fail(base::Code::kFailedPrecondition,
                      (data / "master.key").string() + ": is not a key");
  }
  keys.master = *master_bytes;

  const auto admin = TokenFile(data / "admin.token");
  if (admin.has_error()) return admin.error();
  keys.admin_token = *admin;
  const auto gateway = TokenFile(data / "gateway.token");
  if (gateway.has_error()) return gateway.error();
  keys.gateway_token = *gateway;

  base::auth::Aead seal({keys.master});
  const auto seed = SealedValue(store, seal, "call_token_key",
                                [] { return base::auth::GenerateSigningKeyPair().private_key; });
  if (seed.has_error()) return seed.error();
  auto pair = base::auth::SigningKeyPairFromSeed(*seed);
  if (pair.has_error()) return pair.error();
  keys.call_tokens = std::move(*pair);

  const auto ring =
      SealedValue(store, seal, "session_ring", [] { return base::auth::RandomBytes(kKeyBytes); });
  if (ring.has_error()) return ring.error();
  for (std::size_t at = 0; at + kKeyBytes <= ring->size(); at += kKeyBytes) {
    keys.session_ring.push_back(ring->substr(at, kKeyBytes));
  }
  return keys;
}

}  // namespace registry
