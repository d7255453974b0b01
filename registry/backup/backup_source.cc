#include "registry/backup/backup_source.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/auth/api_key.h"
#include "base/auth/sealed_stream.h"
#include "base/auth/secret_file.h"
#include "base/passphrase.h"
#include "base/version.h"
#include "registry/backup/format.h"
#include "registry/store/migrations.h"
#include "registry/store/store.h"

namespace registry::backup {
namespace {

using base::auth::StreamSealer;

constexpr std::string_view kCopyPrefix = "backup-";
constexpr std::string_view kCopySuffix = ".tmp";

// Removed with its owner.
class Copy {
 public:
  explicit Copy(std::filesystem::path path) : path_(std::move(path)) {}
  ~Copy() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Copy(const Copy&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_;
};

class SealedSource final : public BackupSource {
 public:
  SealedSource(std::unique_ptr<Copy> copy, std::string head, std::uint64_t database_bytes,
               std::string secrets, const std::string& passphrase)
      : copy_(std::move(copy)),
        database_(copy_->path(), std::ios::binary),
        database_left_(database_bytes),
        secrets_(std::move(secrets)),
        pending_(std::move(head)),
        plain_left_(pending_.size() + database_left_ + secrets_.size()),
        sealer_(passphrase) {}

  std::uint64_t total_bytes() const override { return total_bytes_; }

  base::Result<std::string> Next() override {
    if (ended_) return std::string();
    std::string out;
    if (!begun_) {
      begun_ = true;
      out.append(kMagic).append(sealer_.header());
    }
    if (auto filled = FillChunk(); filled.has_error()) return filled.error();
    plain_left_ -= pending_.size();
    ended_ = plain_left_ == 0;
    out +=
        sealer_.Seal(pending_, ended_ ? StreamSealer::Place::kLast : StreamSealer::Place::kMiddle);
    pending_.clear();
    return out;
  }

 private:
  // As much as a chunk takes, or all that is left.
  base::Result<void> FillChunk() {
    const auto room = [&] { return base::auth::kStreamChunkBytes - pending_.size(); };
    if (const std::size_t want = std::min<std::uint64_t>(room(), database_left_); want > 0) {
      const std::size_t before = pending_.size();
      pending_.resize(before + want);
      if (!database_.read(pending_.data() + before, static_cast<std::streamsize>(want)))
        return base::Fail(base::Code::kUnavailable, "the copy of the database cannot be read");
      database_left_ -= want;
    }
    const std::size_t want = database_left_ == 0 ? std::min(room(), secrets_.size()) : 0;
    pending_.append(secrets_, 0, want);
    secrets_.erase(0, want);
    return {};
  }

  const std::unique_ptr<Copy> copy_;
  std::ifstream database_;
  std::uint64_t database_left_;
  std::string secrets_;
  std::string pending_;
  std::uint64_t plain_left_;
  const std::uint64_t total_bytes_ = kMagic.size() + StreamSealer::SealedBytes(plain_left_);
  StreamSealer sealer_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

base::Result<std::unique_ptr<BackupSource>> BackupSource::Open(Store& store,
                                                               const std::filesystem::path& data,
                                                               const std::string& passphrase,
                                                               const base::Clock& clock,
                                                               const std::string& master_key) {
  if (const auto ok = base::CheckPassphrase(passphrase); !ok) return ok.error();
  auto copy = std::make_unique<Copy>(data / (std::string(kCopyPrefix) +
                                             base::auth::Hex(base::auth::RandomBytes(8)) +
                                             std::string(kCopySuffix)));
  if (const auto copied = store.CopyTo(copy->path().string()); copied.has_error())
    return copied.error().WithContext("backup");
  std::error_code failed;
  const std::uint64_t database_bytes = std::filesystem::file_size(copy->path(), failed);
  if (failed) return base::Fail(base::Code::kUnavailable, "backup: " + failed.message());

  nlohmann::ordered_json head = {{"version", base::Version()},
                                 {"schema", Migrations().size()},
                                 {"made_at_ms", clock.UnixMillis()}};
  head["files"].push_back({{"name", kDatabase}, {"bytes", database_bytes}});
  std::string secrets;
  for (const std::string_view name : kSecrets) {
    const bool given = name == kMasterKey && !master_key.empty();
    const auto secret =
        given ? base::Result<std::string>(master_key) : base::auth::ReadSecretFile(data / name);
    if (!secret) return secret.error().WithContext("backup");
    head["files"].push_back({{"name", name}, {"bytes", secret->size()}});
    secrets += *secret;
  }
  return std::unique_ptr<BackupSource>(std::make_unique<SealedSource>(
      std::move(copy), head.dump() + "\n", database_bytes, std::move(secrets), passphrase));
}

void RemoveLeftovers(const std::filesystem::path& data) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(data, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kCopyPrefix) && name.ends_with(kCopySuffix))
      std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace registry::backup
