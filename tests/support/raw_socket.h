// A blocking socket for tests that must say exactly which bytes go over the wire, and when.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace test_support {

class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {
    // A wait this long is a failure, not patience.
    const timeval limit{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  RawSocket(RawSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), pending_(std::move(other.pending_)) {}
  RawSocket& operator=(RawSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(pending_, other.pending_);
    return *this;
  }
  ~RawSocket() { Close(); }

  static RawSocket Connect(std::uint16_t port) {
    RawSocket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(made.descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
              0);
    return made;
  }

  int descriptor() const { return descriptor_; }
  void Close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  // The peer sees a reset instead of an end.
  void Reset() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    Close();
  }
  void ShutdownSend() { ::shutdown(descriptor_, SHUT_WR); }

  // False when the peer does not take it.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Up to and including `mark`; what came, when the end came first.
  std::string ReadUntil(std::string_view mark) {
    for (;;) {
      const std::size_t found = pending_.find(mark);
      if (found != std::string::npos) return Take(found + mark.size());
      if (!More()) return Take(pending_.size());
    }
  }
  std::string Read(std::size_t bytes) {
    while (pending_.size() < bytes && More()) {
    }
    return Take(std::min(bytes, pending_.size()));
  }
  std::string ReadToEnd() {
    while (More()) {
    }
    return Take(pending_.size());
  }
  // True when the peer has closed or reset and nothing is left to read; waits for that.
  bool AtEnd() { return pending_.empty() && !More() && !timed_out_; }

  // A message with Content-Length or chunks, or without a body: its head and its body as sent.
  struct Message {
    std::string head;
    std::string body;
    int status() const { return head.size() > 12 ? std::atoi(head.c_str() + 9) : 0; }
  };
  Message ReadMessage() {
    Message message{ReadUntil("\r\n\r\n"), {}};
    std::string lower = message.head;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (const std::size_t at = lower.find("content-length: "); at != std::string::npos) {
      message.body = Read(std::strtoull(lower.c_str() + at + 16, nullptr, 10));
    } else if (lower.find("transfer-encoding: chunked") != std::string::npos) {
      for (;;) {
        const std::size_t size = std::strtoull(ReadUntil("\r\n").c_str(), nullptr, 16);
        message.body += Read(size);
        if (ReadUntil("\r\n").empty() || size == 0) break;
      }
    }
    return message;
  }

 private:
  bool More() {
    char room[65536];
    const ssize_t got = ::recv(descriptor_, room, sizeof(room), 0);
    timed_out_ = got < 0 && errno == EAGAIN;
    if (timed_out_)
      ADD_FAILURE() << "the peer sent nothing for 20 s; so far: " << pending_.substr(0, 500);
    if (got <= 0) return false;
    pending_.append(room, static_cast<std::size_t>(got));
    return true;
  }
  std::string Take(std::size_t bytes) {
    std::string taken = pending_.substr(0, bytes);
    pending_.erase(0, bytes);
    return taken;
  }

  int descriptor_;
  std::string pending_;
  bool timed_out_ = false;
};

// Accepts on a free port of 127.0.0.1.
class RawListener {
 public:
  RawListener() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(descriptor_, 16), 0);
    socklen_t size = sizeof(address);
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const timeval limit{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  RawListener(const RawListener&) = delete;
  ~RawListener() { Close(); }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
  }
  RawSocket Accept() {
    const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    EXPECT_GE(accepted, 0) << "nobody connected";
    return RawSocket(accepted);
  }
  void Close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

}  // namespace test_support
