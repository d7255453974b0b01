#include "cli/addresses.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>

#include "base/http/server.h"

namespace cli {
namespace {

constexpr int kFirstPort = 15'000;
constexpr int kLastPort = 32'000;

bool IsFree(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  bool free =
      bind(descriptor, found->ai_addr, found->ai_addrlen) == 0 && listen(descriptor, 1) == 0;
  close(descriptor);
  return free;
}

// Each candidate once in this process, and other ones than those of a process that starts beside
// it: what is free now must still be free when the daemon takes it.
int NextCandidate() {
  static std::uint32_t next = static_cast<std::uint32_t>(getpid()) * 8;
  return kFirstPort + static_cast<int>(next++ % (kLastPort - kFirstPort));
}

}  // namespace

base::Result<std::string> ResolveListen(const std::string& address) {
  auto parsed = base::http::ListenAddress::Parse(address);
  if (!parsed) return parsed.error();
  if (parsed->port != 0) return parsed->ToString();
  for (int attempt = 0; attempt < 200; ++attempt) {
    parsed->port = static_cast<std::uint16_t>(NextCandidate());
    if (IsFree(parsed->host, parsed->port)) return parsed->ToString();
  }
  return base::Fail(base::Code::kUnavailable, "no free port on " + parsed->host);
}

std::string ReachableAddress(const std::string& listen) {
  if (listen.starts_with("0.0.0.0:")) return "127.0.0.1:" + listen.substr(8);
  if (listen.starts_with("[::]:")) return "[::1]:" + listen.substr(5);
  return listen;
}

}  // namespace cli
