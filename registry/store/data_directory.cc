#include "registry/store/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace registry {

base::Result<std::unique_ptr<DataDirectory>> DataDirectory::Open(
    const std::filesystem::path& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error) {
    return base::Fail(base::Code::kFailedPrecondition,
                      "data directory " + path.string() + ": " + error.message());
  }
  if (made) ::chmod(path.c_str(), 0700);
  const std::string file = (path / "registry.lock").string();
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) {
    return base::Fail(base::Code::kFailedPrecondition, file + ": " + std::strerror(errno));
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string reason = std::strerror(errno);
    ::close(lock);
    return base::Fail(
        base::Code::kFailedPrecondition,
        held ? "another registry is running on " + path.string() + " (registry.lock is held)"
             : file + ": " + reason);
  }
  return std::unique_ptr<DataDirectory>(new DataDirectory(path, lock));
}

DataDirectory::~DataDirectory() { ::close(lock_); }

}  // namespace registry
