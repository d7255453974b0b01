// Server-sent events (WHATWG HTML, 9.2) as MCP uses them: bytes in, events out, and the reverse. No
// sockets.
//
//   data: {"jsonrpc":"2.0",...}        one message; a message with line breaks in it has several
//   data lines event: message | id: x | retry: 500 | : comment (empty line) ends the event
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mcp {

inline constexpr std::size_t kMaxEventBytes = 16 * 1024 * 1024;

struct SseEvent {
  std::string_view data;  // lines joined by LF
  std::string_view type;  // empty: message
  std::string_view id;
  bool has_id = false;
  std::optional<std::uint32_t> retry_ms;
};

// Incremental: any split of the bytes gives the same events. An event whose single data line lies
// in one chunk is a view into that chunk, without a copy.
class SseParser {
 public:
  explicit SseParser(std::size_t max_event_bytes = kMaxEventBytes)
      : max_event_bytes_(max_event_bytes) {}

  // The next bytes of the stream. REQUIRES: Next has returned nullopt for the bytes before; `bytes`
  // stay valid until it does so again.
  void Feed(std::string_view bytes) { rest_ = bytes; }
  // The next event that has data, an id or a retry; nullopt when more bytes are needed. Views stay
  // valid until the next call. kResourceExhausted when an event is too long; the parser is of no
  // use then.
  base::Result<std::optional<SseEvent>> Next();

 private:
  // The next line without its end, or nullopt after keeping what there is of it.
  std::optional<std::string_view> TakeLine();
  void TakeField(std::string_view line);
  void KeepData();
  void ClearEvent();

  // Constant after construction
  const std::size_t max_event_bytes_;

  std::string_view rest_;
  std::string partial_line_;
  bool line_is_partial_ = false;  // `partial_line_` was lent out and is to be cleared
  bool skip_line_feed_ = false;   // a CR ended the last line
  bool at_start_ = true;          // a byte order mark may follow

  // The event being gathered
  std::string_view single_line_;  // its only data line so far, still in the chunk
  std::string data_;
  bool data_is_single_ = false;
  bool has_data_ = false;
  std::string type_;
  std::string id_;
  bool has_id_ = false;
  std::optional<std::uint32_t> retry_ms_;
  bool delivered_ = false;  // clear the event before the next line
};

// Appends `message` as one event; line breaks in it (white space in JSON) become further data
// lines.
void AppendEvent(std::string& out, std::string_view message, std::string_view id = {});

// What is written in a quiet stream so that nobody between takes it for dead.
inline constexpr std::string_view kKeepAliveComment = ": keep-alive\n\n";

}  // namespace mcp
