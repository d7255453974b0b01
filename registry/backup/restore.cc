#include "registry/backup/restore.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "base/auth/api_key.h"
#include "registry/backup/backup_reader.h"
#include "registry/backup/format.h"
#include "registry/catalog/audit.h"
#include "registry/store/sqlite_store.h"

namespace registry::backup {
namespace {

base::Error SystemError(const std::filesystem::path& path) {
  return base::Fail(
      base::Code::kUnavailable,
      path.string() + ": " + std::error_code(errno, std::generic_category()).message());
}

base::Result<void> CheckWhole(const std::string& file, const std::string& passphrase) {
  auto reader = BackupReader::Open(file, passphrase);
  if (!reader) return reader.error();
  for (;;) {
    const auto bytes = (*reader)->Next();
    if (!bytes) return bytes.error().WithContext(file);
    if (bytes->empty()) return {};
  }
}

base::Result<void> Sync(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const base::Error error = SystemError(folder);
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) return error;
  return {};
}

// A new file, read by its owner only.
class OutFile {
 public:
  explicit OutFile(std::filesystem::path path)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {}
  ~OutFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OutFile(const OutFile&) = delete;

  base::Result<void> Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return SystemError(path_);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  base::Result<void> Sync() {
    if (descriptor_ < 0 || ::fsync(descriptor_) != 0) return SystemError(path_);
    return {};
  }

 private:
  const std::filesystem::path path_;
  const int descriptor_;
};

// Where everything is put together; removed unless it became the data directory.
class Scaffold {
 public:
  explicit Scaffold(const std::filesystem::path& data)
      : path_(data.string() + ".restoring-" + base::auth::Hex(base::auth::RandomBytes(4))) {}
  ~Scaffold() {
    std::error_code ignored;
    if (!moved_) std::filesystem::remove_all(path_, ignored);
  }
  Scaffold(const Scaffold&) = delete;

  const std::filesystem::path& path() const { return path_; }
  base::Result<void> MoveTo(const std::filesystem::path& data) {
    if (std::rename(path_.c_str(), data.c_str()) != 0) return SystemError(data);
    moved_ = true;
    return Sync(data.parent_path());
  }

 private:
  const std::filesystem::path path_;
  bool moved_ = false;
};

base::Result<std::int64_t> WriteMembers(const std::string& file, const std::string& passphrase,
                                        const std::filesystem::path& folder) {
  auto reader = BackupReader::Open(file, passphrase);
  if (!reader) return reader.error();
  std::string bytes;
  for (const Member& member : (*reader)->members()) {
    OutFile out(folder / member.name);
    for (std::uint64_t left = member.bytes; left > 0;) {
      if (bytes.empty()) {
        auto next = (*reader)->Next();
        if (!next) return next.error().WithContext(file);
        bytes = std::move(*next);
      }
      const std::size_t part = std::min<std::uint64_t>(left, bytes.size());
      if (auto ok = out.Write(std::string_view(bytes).substr(0, part)); !ok) return ok.error();
      bytes.erase(0, part);
      left -= part;
    }
    if (auto ok = out.Sync(); !ok) return ok.error();
  }
  return (*reader)->made_at_ms();
}

base::Result<std::int64_t> CheckDatabase(const std::filesystem::path& path) {
  if (auto ok = SqliteStore::CheckFile(path.string()); !ok) return ok.error();
  auto copy = SqliteStore::OpenCopy(path.string());
  if (!copy) return copy.error();
  if (auto chain = VerifyAudit(**copy); !chain) return chain.error().WithContext("backup");
  return (*copy)->Revision();
}

}  // namespace

base::Result<Restored> Restore(const std::string& file, const std::filesystem::path& data,
                               const std::string& passphrase) {
  std::error_code failed;
  const std::filesystem::path place = std::filesystem::absolute(data).lexically_normal();
  const std::filesystem::path target = place.has_filename() ? place : place.parent_path();
  if (std::filesystem::exists(target, failed) && !std::filesystem::is_empty(target, failed)) {
    return base::Fail(base::Code::kAlreadyExists,
                      target.string() + " is not empty: a backup is restored to a new directory");
  }
  if (auto whole = CheckWhole(file, passphrase); !whole) return whole.error();

  std::filesystem::create_directories(target.parent_path(), failed);
  Scaffold scaffold(target);
  if (!std::filesystem::create_directory(scaffold.path(), failed))
    return base::Fail(base::Code::kUnavailable, scaffold.path().string() + ": " + failed.message());
  std::filesystem::permissions(scaffold.path(), std::filesystem::perms::owner_all, failed);
  Restored restored;
  const auto made_at_ms = WriteMembers(file, passphrase, scaffold.path());
  if (!made_at_ms) return made_at_ms.error();
  restored.made_at_ms = *made_at_ms;
  const auto revision = CheckDatabase(scaffold.path() / kDatabase);
  if (!revision) return revision.error();
  restored.revision = *revision;
  if (auto ok = Sync(scaffold.path()); !ok) return ok.error();
  if (auto ok = scaffold.MoveTo(target); !ok) return ok.error();
  return restored;
}

}  // namespace registry::backup
