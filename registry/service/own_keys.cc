#include "registry/service/own_keys.h"

#include <cstdlib>
#include <functional>
#include <optional>

#include "base/auth/aead.h"
#include "base/auth/api_key.h"
#include "base/auth/secret_file.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr const char* kMasterVariable = "PORTOLAN_MASTER_KEY";
constexpr const char* kBeforeVariable = "PORTOLAN_MASTER_KEY_BEFORE";
// Sealed in every store, so it tells which key seals.
constexpr std::string_view kCallTokenKey = "call_token_key";

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
        return base::Fail(
            base::Code::kFailedPrecondition,
            "the master key is not the one this database was sealed with (" + name + ")");
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

base::Result<std::string> KeyIn(std::string_view text, std::string_view where) {
  auto bytes = base::auth::Base64UrlDecode(text);
  if (bytes && bytes->size() == kKeyBytes) return *std::move(bytes);
  return base::Fail(base::Code::kFailedPrecondition,
                    std::string(where) + ": is not a key (32 bytes, base64url)");
}

// Taken out of the environment, so that nothing that is started here inherits it.
std::optional<std::string> TakeVariable(const char* name) {
  const char* value = std::getenv(name);
  if (!value) return std::nullopt;
  std::string text = value;
  ::unsetenv(name);
  return text;
}

base::Result<MasterKey> FromEnvironment(const std::string& text) {
  const auto key = KeyIn(text, kMasterVariable);
  if (key.has_error()) return key.error();
  MasterKey master;
  master.key = *key;
  if (const auto before = TakeVariable(kBeforeVariable)) {
    const auto old = KeyIn(*before, kBeforeVariable);
    if (old.has_error()) return old.error();
    master.before = *old;
  }
  return master;
}

base::Result<bool> Opens(Store& store, const std::string& key) {
  const std::string name = "sealed/" + std::string(kCallTokenKey);
  const auto stored = store.Value(name);
  if (stored.has_error()) return stored.error();
  return *stored && base::auth::Aead({key}).Open(**stored, name).has_value();
}

// Ends a change of keys that something cut short: the store was sealed with the one or with the
// other.
base::Result<void> EndChange(Store& store, MasterKey& master) {
  const std::filesystem::path next = MasterKey::NextTo(master.file);
  const auto text = base::auth::ReadSecretFile(next);
  if (text.has_error())
    return text.error().code == base::Code::kNotFound ? base::Result<void>() : text.error();
  const auto key = KeyIn(WithoutLineEnd(*text), next.string());
  if (key.has_error()) return key.error();
  const auto opens = Opens(store, *key);
  if (opens.has_error()) return opens.error();
  if (*opens) {
    const auto kept = base::auth::WriteSecretFile(master.file, MasterKey::Text(*key));
    if (kept.has_error()) return kept.error();
    master.key = *key;
  }
  std::error_code ignored;
  std::filesystem::remove(next, ignored);
  return {};
}

base::Result<MasterKey> OpenMaster(const std::filesystem::path& file, Store& store) {
  if (const auto text = TakeVariable(kMasterVariable)) return FromEnvironment(*text);
  const auto text = TokenFile(file);
  if (text.has_error()) return text.error();
  const auto key = KeyIn(*text, file.string());
  if (key.has_error()) return key.error();
  MasterKey master{*key, {}, file};
  if (const auto ok = EndChange(store, master); ok.has_error()) return ok.error();
  return master;
}

}  // namespace

std::vector<std::string> MasterKey::ring() const {
  std::vector<std::string> keys = {key};
  if (!before.empty()) keys.push_back(before);
  return keys;
}

std::string MasterKey::Text(const std::string& key) { return base::auth::Base64UrlEncode(key); }

std::filesystem::path MasterKey::NextTo(const std::filesystem::path& file) {
  return file.string() + ".next";
}

base::Result<OwnKeys> OwnKeys::Open(const std::filesystem::path& data, Store& store,
                                    std::filesystem::path master_file) {
  OwnKeys keys;
  if (master_file.empty()) master_file = data / "master.key";
  auto master = OpenMaster(master_file, store);
  if (master.has_error()) return master.error();
  keys.master = *std::move(master);

  const auto admin = TokenFile(data / "admin.token");
  if (admin.has_error()) return admin.error();
  keys.admin_token = *admin;
  const auto gateway = TokenFile(data / "gateway.token");
  if (gateway.has_error()) return gateway.error();
  keys.gateway_token = *gateway;

  base::auth::Aead seal(keys.master.ring());
  const auto seed = SealedValue(store, seal, std::string(kCallTokenKey),
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
