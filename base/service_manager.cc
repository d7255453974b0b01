#include "base/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace base {
namespace {

std::string Take(const char* variable) {
  const char* value = std::getenv(variable);
  std::string text = value ? value : "";
  ::unsetenv(variable);
  return text;
}

// Zero when it is no number.
std::int64_t Number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 ? number : 0;
}

// Of one line: nobody's words become another assignment.
std::string StatusLine(std::string_view status) {
  std::string line = "STATUS=" + std::string(status.substr(0, 512));
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line;
}

}  // namespace

ServiceManager ServiceManager::TakeFromEnvironment() {
  std::string socket = Take("NOTIFY_SOCKET");
  const std::string watched = Take("WATCHDOG_PID");
  std::int64_t micros = Number(Take("WATCHDOG_USEC"));
  if (!watched.empty() && Number(watched) != ::getpid()) micros = 0;
  return {std::move(socket), std::chrono::microseconds(micros)};
}

void ServiceManager::Ready(std::string_view status) const {
  Send("READY=1\n" + StatusLine(status), Patience::kSome);
}

void ServiceManager::Reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t micros = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  Send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros), Patience::kSome);
}

void ServiceManager::Stopping() const { Send("STOPPING=1", Patience::kSome); }
void ServiceManager::Alive() const { Send("WATCHDOG=1", Patience::kNone); }
void ServiceManager::Status(std::string_view status) const {
  Send(StatusLine(status), Patience::kNone);
}

bool ServiceManager::AliveIsDue() {
  if (watchdog_interval_.count() == 0) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_alive_) return false;
  next_alive_ = now + watchdog_interval_ / 3;
  return true;
}

void ServiceManager::Send(std::string_view text, Patience patience) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() < 2 || socket_.size() >= sizeof address.sun_path) return;
  if (socket_.front() != '/' && socket_.front() != '@') return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  // An abstract name has no end but the length; its @ stands for a zero.
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const timeval two_seconds{2, 0};
  (void)::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &two_seconds, sizeof two_seconds);
  const int flags = MSG_NOSIGNAL | (patience == Patience::kNone ? MSG_DONTWAIT : 0);
  (void)::sendto(descriptor, text.data(), text.size(), flags,
                 reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size()));
  ::close(descriptor);
}

}  // namespace base
