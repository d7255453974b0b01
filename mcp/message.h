// A Message is one JSON-RPC message as bytes, and an Envelope says where in them the parts lie that
// routing and policy need. Nothing is parsed into a tree, so unknown fields, key order and number
// spelling survive.
//
// The scan is strict: one JSON object, valid throughout (RFC 8259, UTF-8, at most 64 levels deep),
// no key twice in any object that is looked into: the message, params, _meta, clientInfo,
// arguments, result and error, each at its top level. Keys are compared decoded. Offsets are into
// the bytes the scan was given.
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

  // Within params, raw JSON: `name` (tools/call, prompts/get), `uri` (resources), `arguments`,
  // `_meta`, `cursor`, `requestId` (notifications/cancelled).
  Span name;
  Span uri;
  Span arguments;
  Span meta;
  Span cursor;
  Span request_id;
  // Within _meta, raw JSON of the io.modelcontextprotocol/ keys, and progressToken.
  Span protocol_version;
  Span client_info;
  Span client_capabilities;
  Span log_level;
  Span progress_token;
  // Within clientInfo, raw JSON.
  Span client_name;
  Span client_version;

  // Within result, raw JSON: `isError`, `resultType`, `_meta`.
  Span is_error;
  Span result_type;
  // Within error, raw JSON: `code`, `message`.
  Span error_code;
  Span error_message;
};

// Says what is wrong and at which byte. Not JSON: kInvalidArgument; JSON, but not a JSON-RPC
// message (a duplicate key, a wrong `jsonrpc`, an id that is none): kFailedPrecondition; a batch
// (an array): kOutOfRange. One pass, no allocation for messages of up to 24 keys in an object;
// about 1 ns a byte.
base::Result<Envelope> Scan(std::string_view bytes);

// The text of a JSON string given raw, quotes included; escapes decoded (a lone surrogate becomes
// U+FFFD). Empty when it is not a string. REQUIRES: `raw` is valid JSON, as Scan leaves it.
std::string DecodeString(std::string_view raw);
// The same without a copy when there is no escape in it; nullopt otherwise.
std::optional<std::string_view> PlainString(std::string_view raw);

// `text` as a JSON string, quotes included.
std::string Quote(std::string_view text);

}  // namespace mcp
