#include "gateway/feed/gateway_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/auth/api_key.h"
#include "base/auth/secret_file.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;
using base::Code;

constexpr std::size_t kKeyBytes = 32;
// Far above any real catalog: a bound, not a budget.
constexpr std::size_t kMaxSnapshotBytes = std::size_t{1} << 30;
constexpr std::string_view kCredentialContext = "portolan gateway credential v1";
// Another one whenever gateways begin to follow a further kind of resource.
constexpr std::string_view kSnapshotContext = "portolan gateway snapshot v3";
constexpr std::string_view kOlderSnapshotContexts[] = {"portolan gateway snapshot v2",
                                                       "portolan gateway snapshot v1"};

std::string Trimmed(std::string text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.resize(end == text.npos ? 0 : end + 1);
  return text;
}

}  // namespace

GatewayStore::GatewayStore(fs::path data, base::auth::BoxKeyPair box_keys, base::auth::Aead seal)
    : data_(std::move(data)),
      folder_(data_ / "gateway"),
      box_keys_(std::move(box_keys)),
      seal_(std::move(seal)) {}

base::Result<GatewayStore> GatewayStore::Open(const fs::path& data) {
  const fs::path folder = data / "gateway";
  std::error_code error;
  fs::create_directories(data, error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::Fail(Code::kUnavailable,
                      "cannot make " + folder.string() + ": " + std::strerror(errno));
  }
  // The key that seals the folder, then this gateway's X25519 key.
  const auto key = base::auth::ReadOrCreateSecretFile(folder / "key", [] {
    return base::auth::RandomBytes(kKeyBytes) + base::auth::GenerateBoxKeyPair().private_key;
  });
  if (!key) return key.error();
  if (key->size() != 2 * kKeyBytes) {
    return base::Fail(Code::kDataLoss, (folder / "key").string() + " is not a key of ours");
  }
  auto box_keys = base::auth::BoxKeyPairFromPrivate(key->substr(kKeyBytes));
  if (!box_keys) return box_keys.error();
  base::auth::Aead seal({key->substr(0, kKeyBytes)});
  return GatewayStore(data, *std::move(box_keys), std::move(seal));
}

base::Result<std::string> GatewayStore::ReadJoinToken() const {
  auto token = base::auth::ReadSecretFile(data_ / "gateway.token");
  if (!token) return token.error();
  return Trimmed(*std::move(token));
}

base::Result<std::string> GatewayStore::ReadSealed(const fs::path& path, std::string_view context,
                                                   std::size_t max_bytes) {
  const auto sealed = base::auth::ReadSecretFile(path, max_bytes);
  if (!sealed) return sealed.error();
  auto opened = seal_.Open(*sealed, context);
  if (!opened) {
    return base::Fail(Code::kDataLoss,
                      path.string() + " was sealed with another key, or was changed");
  }
  return *std::move(opened);
}

base::Result<std::string> GatewayStore::ReadCredential() {
  return ReadSealed(folder_ / "credential.sealed", kCredentialContext, base::auth::kMaxSecretBytes);
}

base::Result<void> GatewayStore::WriteCredential(const std::string& credential) {
  return base::auth::WriteSecretFile(folder_ / "credential.sealed",
                                     seal_.Seal(credential, kCredentialContext));
}

void GatewayStore::ForgetCredential() {
  std::error_code ignored;
  fs::remove(folder_ / "credential.sealed", ignored);
}

base::Result<GatewayStore::Snapshot> GatewayStore::ReadSnapshot() {
  const fs::path path = folder_ / "snapshot.sealed";
  auto bytes = ReadSealed(path, kSnapshotContext, kMaxSnapshotBytes);
  const auto sealed_otherwise = [&] {
    return bytes.has_error() && bytes.error().code == Code::kDataLoss;
  };
  const bool other = sealed_otherwise();
  for (const std::string_view older : kOlderSnapshotContexts) {
    if (sealed_otherwise()) bytes = ReadSealed(path, older, kMaxSnapshotBytes);
  }
  if (bytes.has_error()) return bytes.error();
  return Snapshot{*std::move(bytes), other};
}

base::Result<void> GatewayStore::WriteSnapshot(std::string_view bytes) {
  return base::auth::WriteSecretFile(folder_ / "snapshot.sealed",
                                     seal_.Seal(bytes, kSnapshotContext));
}

std::optional<std::int64_t> GatewayStore::last_heard_ms() const {
  struct stat facts {};
  if (::stat((folder_ / "snapshot.sealed").c_str(), &facts) != 0) return std::nullopt;
  return std::int64_t{facts.st_mtim.tv_sec} * 1000 + facts.st_mtim.tv_nsec / 1'000'000;
}

void GatewayStore::SetLastHeard(std::int64_t unix_ms) {
  const timespec when{unix_ms / 1000, unix_ms % 1000 * 1'000'000};
  const timespec times[] = {when, when};
  ::utimensat(AT_FDCWD, (folder_ / "snapshot.sealed").c_str(), times, 0);
}

}  // namespace gateway
