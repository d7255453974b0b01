#include "base/daemon.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace base {

std::filesystem::path DefaultDataFolder() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data)
    return std::filesystem::path(data) / "portolan";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : ".") / ".local/share/portolan";
}

Result<DataLock> DataLock::Take(const std::filesystem::path& file, std::string_view owner) {
  const std::filesystem::path folder = file.parent_path();
  std::error_code failed;
  if (std::filesystem::create_directories(folder, failed)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  }
  if (failed) return Fail(Code::kFailedPrecondition, folder.string() + ": " + failed.message());
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return Fail(Code::kFailedPrecondition,
                file.string() + ": " + std::error_code(errno, std::generic_category()).message());
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return Fail(Code::kAlreadyExists, "another " + std::string(owner) +
                                          " runs on this data directory (it holds " +
                                          file.string() + ")");
  }
  return DataLock(descriptor);
}

DataLock::~DataLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> CheckListen(const http::ListenAddress& address, std::string_view flag, bool guarded) {
  if (address.is_loopback() || guarded) return {};
  return Fail(Code::kFailedPrecondition, std::string(flag) + " " + address.ToString() +
                                             " is not on loopback, and there is no TLS: whoever "
                                             "reaches it could read keys and call servers. Give it "
                                             "--tls-cert and --tls-key, put a TLS proxy before "
                                             "it, or say --insecure-listen if the network is "
                                             "trusted (a container's, for example)");
}

void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<void> WriteEndpoints(const std::filesystem::path& file,
                            std::span<const std::pair<std::string, std::string>> endpoints) {
  if (file.empty()) return {};
  const std::string fresh = file.string() + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc);
    for (const auto& [key, value] : endpoints) out << key << '=' << value << '\n';
    if (!out.flush()) return Fail(Code::kFailedPrecondition, file.string() + ": cannot be written");
  }
  if (std::rename(fresh.c_str(), file.c_str()) != 0) {
    return Fail(Code::kFailedPrecondition, file.string() + ": cannot be written");
  }
  return {};
}

}  // namespace base
