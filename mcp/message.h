// A Message is one JSON-RPC message as bytes, and an Envelope says where in them the parts lie that routing and policy
// need. Nothing is parsed into a tree, so unknown fields, key order and number spelling survive.
//
// The scan is strict: one JSON object, valid throughout (RFC 8259, UTF-8), no key twice in any object that is looked into.
// Offsets are into the bytes the scan was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mcp {

// A part of the bytes; empty when absent (a present value has at least one byte).
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool empty() const { return begin == end; }
  std::string_view of(std::string_view bytes) const { return bytes.substr(begin, end - begin); }
};

struct Envelope {
  enum class Kind { kRequest, kNotification, kResult, kError };
  Kind kind = Kind::kRequest;

  // Raw JSON of the value, quotes included.
  Span id;
  Span method;
  Span params;
  Span result;
  Span error;

  // Within params, raw JSON: `name` (tools/call, prompts/get), `uri` (resources), `arguments`, `_meta`, `cursor`.
  Span name;
  Span uri;
  Span arguments;
  Span meta;
  // Within _meta, raw JSON of the io.modelcontextprotocol/ keys, and progressToken.
  Span protocol_version;
  Span client_info;
  Span client_capabilities;
  Span progress_token;

  // Within result, raw JSON: `isError`, `resultType`, `_meta`.
  Span is_error;
  Span result_type;
};

// kInvalidArgument with what is wrong and at which byte. A batch (an array) is kOutOfRange.
base::Result<Envelope> Scan(std::string_view bytes);

// The text of a JSON string given raw, quotes included; escapes decoded. Empty when it is not a string.
std::string DecodeString(std::string_view raw);
// The same without a copy when there is no escape in it; nullopt otherwise.
std::optional<std::string_view> PlainString(std::string_view raw);

// `text` as a JSON string, quotes included.
std::string Quote(std::string_view text);

}  // namespace mcp
