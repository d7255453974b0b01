// Refusals and errors as the caller sees them: codes, reasons, and the error object. The table is
// policies.md's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mcp/record.h"  // first: GCC 12 takes Outcome::kUpstreamFailed for a shadow of the one below

namespace mcp {

// JSON-RPC and MCP's own codes.
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kLegacyBadRequest = -32000;
inline constexpr int kSessionNotFound = -32001;
inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingCapability = -32021;
inline constexpr int kUnsupportedRevision = -32022;
// Ours: -31000 minus an HTTP-like number.
inline constexpr int kUnauthenticated = -31401;
inline constexpr int kForbidden = -31403;
inline constexpr int kNotFoundPath = -31404;
inline constexpr int kHeld = -31409;
inline constexpr int kRetired = -31410;
inline constexpr int kResultTooLarge = -31413;
inline constexpr int kTooManyRequests = -31429;
inline constexpr int kBlocked = -31451;
inline constexpr int kUpstreamFailed = -31502;
inline constexpr int kUpstreamUnavailable = -31503;
inline constexpr int kUpstreamTimeout = -31504;

// One refusal or failure. `data` members are written only when set.
struct CallError {
  int code = kInternalError;
  std::string message;  // a sentence that a model can act on
  std::string_view reason;
  std::string_view kind;  // of a limit: rate, quota, concurrency
  std::optional<std::int64_t> retry_after_s;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  std::string rule;  // only where the endpoint may explain
  std::string scope;
  std::string
      extra_data_json;  // further members of data, without braces: `"supported":["2026-07-28"]`
};

// {"jsonrpc":"2.0","id":ID,"error":{...}}; `raw_id` empty gives null.
std::string ErrorMessage(std::string_view raw_id, const CallError& error,
                         std::string_view request_id);

// Of our own failures: kUnavailable, kDeadlineExceeded, ... become -31502, -31504, ...; kInternal
// says nothing but the id.
CallError ToCallError(const base::Error& error);

}  // namespace mcp
