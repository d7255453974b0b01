#include "base/auth/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/auth/api_key.h"

namespace base::auth {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

Error SystemError(std::string_view what, const std::filesystem::path& path) {
  const int code = errno;
  const Code kind = code == ENOENT ? Code::kNotFound : Code::kUnavailable;
  return Fail(
      kind, std::string(what) + " " + path.string() + ": " + std::generic_category().message(code));
}

Result<void> SyncFolder(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return SystemError("cannot sync", folder);
  return {};
}

Result<void> WriteAll(int fd, std::string_view contents, const std::filesystem::path& path) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot write", path);
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return SystemError("cannot sync", path);
  return {};
}

// A new file beside `path`, written and synced; removed when it was not moved away.
class Draft {
 public:
  explicit Draft(const std::filesystem::path& path)
      : path_(path.string() + "." + Hex(RandomBytes(8)) + ".new") {}
  ~Draft() { ::unlink(path_.c_str()); }

  Result<void> Write(std::string_view contents) {
    const FileDescriptor fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid()) return SystemError("cannot create", path_);
    return WriteAll(fd.get(), contents, path_);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

Result<std::string> ReadSecretFile(const std::filesystem::path& path, std::size_t max_bytes) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return SystemError("cannot open", path);
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return SystemError("cannot look at", path);
  if (!S_ISREG(facts.st_mode)) {
    return Fail(Code::kFailedPrecondition, path.string() + " is not a file");
  }
  if ((facts.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(facts.st_mode & 07777));
    return Fail(Code::kFailedPrecondition,
                path.string() + " can be read or written by others (mode " + mode +
                    "); replace the secret, or: chmod 600 " + path.string());
  }
  std::string contents;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read", path);
    if (got == 0) return contents;
    contents.append(buffer, static_cast<std::size_t>(got));
    if (contents.size() > max_bytes) {
      return Fail(Code::kResourceExhausted,
                  path.string() + " is longer than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

Result<void> WriteSecretFile(const std::filesystem::path& path, std::string_view contents) {
  Draft draft(path);
  if (auto written = draft.Write(contents); !written) return written.error();
  if (::rename(draft.path().c_str(), path.c_str()) != 0) return SystemError("cannot replace", path);
  return SyncFolder(path);
}

Result<std::string> ReadOrCreateSecretFile(const std::filesystem::path& path,
                                           const std::function<std::string()>& make) {
  auto existing = ReadSecretFile(path);
  if (existing || existing.error().code != Code::kNotFound) return existing;
  Draft draft(path);
  if (auto written = draft.Write(make()); !written) return written.error();
  // A link, unlike a rename, does not replace what another process made meanwhile.
  if (::link(draft.path().c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return SystemError("cannot create", path);
  }
  if (auto synced = SyncFolder(path); !synced) return synced.error();
  return ReadSecretFile(path);
}

}  // namespace base::auth
