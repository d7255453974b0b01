// What a server asks of its caller in the middle of a call (sampling/createMessage,
// elicitation/create, roots/list), in the two forms that it has: a request of the server's own
// (until 2025-11-25), and a result of type input_required with the requests in it, after which the
// caller sends its call again with the responses (MCP 2026-07-28, Multi Round-Trip Requests).
//
// Bytes in, bytes out; what is asked and answered passes untouched.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mcp/message.h"

namespace mcp::legacy {

// Whether a caller of these capabilities (a raw object) can be asked anything.
bool CanBeAsked(std::string_view capabilities);
// Whether it can be asked this.
bool CanBeAsked(std::string_view capabilities, std::string_view method,
                std::string_view raw_params);

// The calls that input may be required for.
bool MayRequireInput(std::string_view method);

// One thing that is asked.
struct InputRequest {
  std::string key;  // names it among those of one call
  std::string method;
  std::string raw_params;  // empty: none
};

// ---- The form of 2026-07-28

// {"jsonrpc":"2.0","id":ID,"result":{"resultType":"input_required",...}}
std::string InputRequiredMessage(std::string_view raw_id, const std::vector<InputRequest>& requests,
                                 std::string_view state);

struct InputRequired {
  std::vector<InputRequest> requests;
  std::string raw_state;  // a raw string; empty: none
};
// nullopt: the answer is no such result. kDataLoss: it is a broken one, or asks for more than 64
// things.
base::Result<std::optional<InputRequired>> ReadInputRequired(std::string_view bytes,
                                                             const Envelope& envelope);

struct InputResponse {
  std::string key;
  std::string raw_result;
};
// The call again, under another id. REQUIRES: its params are an object with something in it.
std::string RetryRequest(std::string_view bytes, const Envelope& envelope, std::string_view raw_id,
                         const std::vector<InputResponse>& responses, std::string_view raw_state);

// What a retry brings: its inputResponses (those that are objects) and its requestState.
struct Retry {
  std::vector<InputResponse> responses;
  std::string state;  // decoded; empty: none
};
Retry ReadRetry(std::string_view raw_params);

// ---- The form of older revisions

// {"jsonrpc":"2.0","id":ID,"method":METHOD,"params":PARAMS}
std::string ServerRequest(std::string_view raw_id, const InputRequest& request);

}  // namespace mcp::legacy
