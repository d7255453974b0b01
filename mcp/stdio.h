// MCP over a pair of pipes: one JSON-RPC message a line (MCP 2025-11-25, Transports, stdio). Bytes
// in, messages out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mcp {

inline constexpr std::size_t kMaxLineBytes = 16 * 1024 * 1024;

// Cuts a stream of bytes into lines; any split of the bytes gives the same lines. Empty lines are
// skipped.
class LineReader {
 public:
  explicit LineReader(std::size_t max_line_bytes = kMaxLineBytes)
      : max_line_bytes_(max_line_bytes) {}

  // REQUIRES: Next has returned nullopt for the bytes before; `bytes` stay valid until it does so
  // again.
  void Feed(std::string_view bytes) { rest_ = bytes; }
  // The next line without its end, valid until the next call; nullopt when more bytes are needed.
  // kResourceExhausted when a line is too long; the reader is of no use then.
  base::Result<std::optional<std::string_view>> Next();

 private:
  // Constant after construction
  const std::size_t max_line_bytes_;

  std::string_view rest_;
  std::string partial_;
  bool lent_ = false;  // `partial_` was given out and is to be cleared
};

// Appends `message` as one line; line breaks in it (white space in JSON) become spaces.
void AppendLine(std::string& out, std::string_view message);

}  // namespace mcp
