// A service manager's ear: the socket that NOTIFY_SOCKET names.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

namespace support {

class NotifySocket {
 public:
  // A path, or `@NAME`.
  explicit NotifySocket(std::string name)
      : name_(std::move(name)), descriptor_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    if (name_.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  ~NotifySocket() { ::close(descriptor_); }
  NotifySocket(const NotifySocket&) = delete;

  const std::string& name() const { return name_; }

  // The next word; empty when none comes for a minute.
  std::string Read() {
    pollfd ready{descriptor_, POLLIN, 0};
    if (::poll(&ready, 1, 60'000) != 1) return {};
    char text[4096];
    const ssize_t size = ::recv(descriptor_, text, sizeof text, 0);
    return {text, static_cast<std::size_t>(size > 0 ? size : 0)};
  }
  // The next that begins like this; others are passed over.
  std::string ReadUntil(const std::string& begin) {
    std::string word = Read();
    while (!word.empty() && word.rfind(begin, 0) != 0) word = Read();
    return word;
  }

 private:
  const std::string name_;
  const int descriptor_;
};

}  // namespace support
