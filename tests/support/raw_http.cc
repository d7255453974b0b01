#include "tests/support/raw_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string RawResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

RawConnection::RawConnection(std::string_view url) {
  if (url.starts_with("http://")) url.remove_prefix(7);
  auto colon = url.find(':');
  std::string host(url.substr(0, colon));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::atoi(std::string(url.substr(colon + 1)).c_str())));
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(socket_);
    socket_ = -1;
  }
}

RawConnection::~RawConnection() {
  if (socket_ >= 0) close(socket_);
}

bool RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool RawConnection::Fill(Clock::time_point deadline) {
  if (socket_ < 0) return false;
  auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd wait{socket_, POLLIN, 0};
  if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) <= 0) return false;
  char chunk[65536];
  ssize_t count = recv(socket_, chunk, sizeof chunk, 0);
  if (count <= 0) return false;
  buffer_.append(chunk, static_cast<std::size_t>(count));
  return true;
}

RawResponse RawConnection::Read(std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  RawResponse response;
  std::size_t head_end;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill(deadline)) return response;
  }
  std::string head = buffer_.substr(0, head_end);
  buffer_.erase(0, head_end + 4);
  int status = std::atoi(head.substr(9, 3).c_str());
  for (std::size_t at = head.find("\r\n"); at != std::string::npos;) {
    std::size_t next = head.find("\r\n", at + 2);
    std::string_view line =
        std::string_view(head).substr(at + 2, next == std::string::npos ? next : next - at - 2);
    if (auto colon = line.find(':'); colon != std::string_view::npos) {
      response.headers.emplace_back(Lower(line.substr(0, colon)), Trim(line.substr(colon + 1)));
    }
    at = next;
  }
  if (response.Header("transfer-encoding") == "chunked") {
    while (true) {
      std::size_t line_end;
      while ((line_end = buffer_.find("\r\n")) == std::string::npos) {
        if (!Fill(deadline)) return response;
      }
      std::size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
      while (buffer_.size() < line_end + 2 + size + 2) {
        if (!Fill(deadline)) return response;
      }
      response.body += buffer_.substr(line_end + 2, size);
      buffer_.erase(0, line_end + 2 + size + 2);
      if (size == 0) break;
    }
  } else if (status != 204 && status != 304) {
    std::size_t length = std::strtoul(response.Header("content-length").c_str(), nullptr, 10);
    while (buffer_.size() < length) {
      if (!Fill(deadline)) return response;
    }
    response.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
  }
  response.status = status;
  return response;
}

void RawConnection::CloseWriting() { shutdown(socket_, SHUT_WR); }

bool RawConnection::ClosedByPeer(std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  while (Fill(deadline)) {
  }
  return Clock::now() < deadline;
}

std::string PostBytes(std::string_view path, std::string_view body, std::string_view extra,
                      std::string_view host) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) +
         "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n" +
         std::string(extra) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string ModernHead(std::string_view method, std::string_view name) {
  std::string head =
      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + std::string(method) + "\r\n";
  if (!name.empty()) head += "Mcp-Name: " + std::string(name) + "\r\n";
  return head;
}

std::string ModernCall(std::string_view raw_id, std::string_view tool, std::string_view arguments) {
  return R"({"jsonrpc":"2.0","id":)" + std::string(raw_id) +
         R"(,"method":"tools/call","params":{"name":")" + std::string(tool) + R"(","arguments":)" +
         std::string(arguments) +
         R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
}

RawResponse Exchange(std::string_view url, std::string_view bytes) {
  RawConnection connection(url);
  connection.Send(bytes);
  return connection.Read();
}

}  // namespace support
