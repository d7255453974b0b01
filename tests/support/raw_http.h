// HTTP as bytes on a socket: for requests that no decent client would send.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

struct RawResponse {
  // 0: the connection ended, or the deadline came, before a whole response did.
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  std::string Header(std::string_view name) const;
};

// One connection to `http://HOST:PORT` (IPv4). Blocking, with a deadline for each step.
class RawConnection {
 public:
  explicit RawConnection(std::string_view url);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;

  // False when the peer has closed.
  bool Send(std::string_view bytes);
  // The next response, de-chunked.
  RawResponse Read(std::chrono::seconds deadline = std::chrono::seconds(20));
  // Sends FIN.
  void CloseWriting();
  // Whether the peer closes within the deadline.
  bool ClosedByPeer(std::chrono::seconds deadline);

 private:
  bool Fill(std::chrono::steady_clock::time_point deadline);

  int socket_ = -1;
  std::string buffer_;
};

// `POST path` with a body and the head of a good client; `extra` are further header lines, each
// ending in CRLF.
std::string PostBytes(std::string_view path, std::string_view body, std::string_view extra = "",
                      std::string_view host = "127.0.0.1");
// The head lines of a modern MCP request.
std::string ModernHead(std::string_view method, std::string_view name = "");
// A modern tools/call.
std::string ModernCall(std::string_view raw_id, std::string_view tool,
                       std::string_view arguments = "{}");

RawResponse Exchange(std::string_view url, std::string_view bytes);

}  // namespace support
