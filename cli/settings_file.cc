#include "cli/settings_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/auth/api_key.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxBytes = 16 * 1024 * 1024;
constexpr std::size_t kMaxBackups = 10;
constexpr char kMark[] = ".portolan-";
// Stands for "there was no file".
constexpr char kNone[] = ".none";
constexpr char kBackup[] = ".bak";

std::string Reason() { return std::strerror(errno); }

std::string Follow(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(path, error);
  return error ? path : target.string();
}

std::string Digits(const std::string& content) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string digits;
  for (const char c : base::auth::Sha256(content).substr(0, 4)) {
    const auto byte = static_cast<unsigned char>(c);
    digits += {kHex[byte >> 4], kHex[byte & 15]};
  }
  return digits;
}

// Under another name first, so that nobody ever reads half of it.
base::Result<void> Replace(const std::string& path, const std::string& content, mode_t mode) {
  const std::string unfinished = path + kMark + std::to_string(getpid()) + ".new";
  const int file = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  auto fail = [&](int descriptor) {
    const std::string message = path + ": " + Reason();
    if (descriptor >= 0) close(descriptor);
    unlink(unfinished.c_str());
    return base::Fail(base::Code::kFailedPrecondition, message);
  };
  if (file < 0) return fail(file);
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t written = write(file, content.data() + done, content.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(file);
    done += static_cast<std::size_t>(written);
  }
  if (fchmod(file, mode) < 0 || fsync(file) < 0) return fail(file);
  close(file);
  if (rename(unfinished.c_str(), path.c_str()) < 0) return fail(-1);
  return {};
}

// The oldest leave.
void KeepNewestBackups(const std::string& target) {
  std::error_code error;
  const fs::path path(target);
  std::vector<std::pair<fs::file_time_type, fs::path>> backups;
  for (const auto& entry : fs::directory_iterator(path.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(path.filename().string() + kMark) &&
        (name.ends_with(kBackup) || name.ends_with(kNone))) {
      backups.emplace_back(entry.last_write_time(error), entry.path());
    }
  }
  std::sort(backups.begin(), backups.end());
  for (std::size_t i = 0; i + kMaxBackups < backups.size(); ++i)
    fs::remove(backups[i].second, error);
}

}  // namespace

SettingsFile::SettingsFile(std::string path) : path_(std::move(path)), target_(Follow(path_)) {}

base::Result<std::string> SettingsFile::Read() const {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(target_, error);
  if (error == std::errc::no_such_file_or_directory) return std::string();
  if (error) return base::Fail(base::Code::kFailedPrecondition, path_ + ": " + error.message());
  if (size > kMaxBytes)
    return base::Fail(base::Code::kInvalidArgument, path_ + ": longer than 16 MiB");
  std::ifstream file(target_, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (!file) return base::Fail(base::Code::kFailedPrecondition, path_ + ": cannot be read");
  return content;
}

std::string SettingsFile::BackupOf(const std::string& content) const {
  return target_ + kMark + Digits(content);
}

base::Result<std::string> SettingsFile::Write(const std::string& content) const {
  const auto before = Read();
  if (!before) return before.error();
  if (*before == content) return std::string();
  struct stat status {};
  const bool exists = stat(target_.c_str(), &status) == 0;
  // Such files often hold keys of their own: a new one is its owner's alone.
  const mode_t mode = exists ? status.st_mode & 07777 : 0600;
  std::error_code error;
  fs::create_directories(fs::path(target_).parent_path(), error);
  if (error) return base::Fail(base::Code::kFailedPrecondition, path_ + ": " + error.message());
  const std::string backup = BackupOf(content) + (exists ? kBackup : kNone);
  if (auto kept = Replace(backup, *before, mode); !kept) return kept.error();
  if (auto written = Replace(target_, content, mode); !written) return written.error();
  KeepNewestBackups(target_);
  return backup;
}

base::Result<void> SettingsFile::Undo() const {
  const auto now = Read();
  if (!now) return now.error();
  const std::string stem = BackupOf(*now);
  std::error_code error;
  if (fs::exists(target_, error) && fs::exists(stem + kNone, error)) {
    if (unlink(target_.c_str()) < 0)
      return base::Fail(base::Code::kFailedPrecondition, path_ + ": " + Reason());
    unlink((stem + kNone).c_str());
    return {};
  }
  if (fs::exists(stem + kBackup, error)) {
    if (rename((stem + kBackup).c_str(), target_.c_str()) < 0)
      return base::Fail(base::Code::kFailedPrecondition, path_ + ": " + Reason());
    return {};
  }
  const fs::path path(target_);
  for (const auto& entry : fs::directory_iterator(path.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(path.filename().string() + kMark)) {
      return base::Fail(base::Code::kFailedPrecondition,
                        path_ + " was changed since Portolan wrote it");
    }
  }
  return base::Fail(base::Code::kNotFound, path_ + ": nothing of Portolan's to undo");
}

}  // namespace cli
