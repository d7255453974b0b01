// What the header of a request says about MCP, gathered in one pass, and the rules it must keep
// (MCP 2026-07-28, Streamable HTTP; 2025-11-25, Transports).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http/message.h"
#include "mcp/call.h"
#include "mcp/error.h"
#include "mcp/message.h"

namespace mcp {

// Views into the head.
struct RequestHeaders {
  bool accepts_json = true;
  bool accepts_events = true;
  bool is_json = false;  // Content-Type
  std::optional<std::string_view> version;
  std::optional<std::string_view> method;
  std::optional<std::string_view> name;
  std::optional<std::string_view> session;
  // One of the four above occurs twice, so that two readers could differ.
  bool ambiguous = false;

  static RequestHeaders Read(const base::http::Fields& fields);
};

// Modern or older is decided by `_meta` or the version header, never by Mcp-Method: some older
// clients send that too.
bool IsModernRequest(const RequestHeaders& headers, const Envelope& envelope);

// The checks of a modern message: its `_meta`, its revision, and header fields equal to the body;
// nullopt when all is well. `method` and `item` are decoded. Every failure is HTTP 400.
std::optional<CallError> CheckModern(const RequestHeaders& headers, std::string_view bytes,
                                     const Envelope& envelope, std::string_view method,
                                     std::string_view item, bool serves_older);

// -32022 with what is served.
CallError UnsupportedRevision(std::string_view requested, bool serves_older);

// The text of a header value: as it is, or decoded when it is `=?base64?...?=`; nullopt when that
// is broken.
std::optional<std::string> DecodeHeaderValue(std::string_view value);
// And the reverse: as it is when it may stand in a header, else `=?base64?...?=`.
std::string EncodeHeaderValue(std::string_view text);
// Whether it may stand in a header as it is.
bool IsPlainHeaderValue(std::string_view text);

// The method's item is its params' `name` (tools/call, prompts/get) or `uri` (resources); empty for
// all others.
Span ItemOf(std::string_view method, const Envelope& envelope);
// Whether Mcp-Name must be there.
bool NeedsName(std::string_view method);

}  // namespace mcp
