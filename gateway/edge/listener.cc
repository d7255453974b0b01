#include "gateway/edge/listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace gateway {

base::Result<DataLock> DataLock::Take(const std::filesystem::path& data) {
  const std::filesystem::path folder = data / "gateway";
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return base::Fail(base::Code::kFailedPrecondition, folder.string() + ": " + failed.message());
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  const std::string file = (folder / "lock").string();
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return base::Fail(base::Code::kFailedPrecondition,
                      file + ": " + std::error_code(errno, std::generic_category()).message());
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return base::Fail(base::Code::kAlreadyExists, "another gateway runs on the data directory '" +
                                                      data.string() + "' (it holds " + file + ")");
  }
  return DataLock(descriptor);
}

DataLock::DataLock(DataLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DataLock::~DataLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<void> CheckListen(const base::http::ListenAddress& address, std::string_view what,
                               bool insecure_listen) {
  if (address.is_loopback() || insecure_listen) return {};
  return base::Fail(base::Code::kFailedPrecondition,
                    std::string(what) + " " + address.ToString() +
                        " is not on loopback, and there is no TLS: whoever reaches it could read "
                        "keys and call servers. Put a "
                        "TLS proxy before it, or say --insecure-listen if the network is trusted "
                        "(a container's, for example)");
}

void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace gateway
