// How a call is refused once its id is known: the answer, and what the record says about it.
#pragma once

#include <string>
#include <string_view>

#include "mcp/call.h"
#include "mcp/error.h"
#include "policy/effective_policy.h"

namespace gateway {

// Of an endpoint: what its policy says about the form of refusals.
struct RefusalStyle {
  // HTTP and AZURE: the HTTP status that fits the refusal, instead of 200.
  portolan::v1::ErrorStyle::Value form = portolan::v1::ErrorStyle::MCP;
  // Name the rule and its scope.
  bool explain = false;

  // Of an answer that refuses with `error`, which is `http_status` in style HTTP.
  int StatusOf(const mcp::CallError& error, int http_status) const;
  // Of a failure of a server, or ours, with that code.
  int StatusOfFailure(int error_code) const;

  static RefusalStyle Of(const policy::EffectivePolicy& policy);
};

// Where a rule stands, made once when the filter is compiled.
struct RuleName {
  std::string id;      // `burst`
  std::string scope;   // `global/base`
  std::string origin;  // `global/base#burst`

  static RuleName Of(const policy::EffectiveRule& rule);
};

// `http_status` is that of style HTTP. `rule` may be null: no policy decided. The answer of a
// notification has no body.
mcp::Response Refuse(mcp::Call& call, mcp::CallError error, int http_status,
                     const RefusalStyle& style, const RuleName* rule);

// The answer to a call of an item that is not there, or that this caller does not see: the same, byte
// for byte, so that nobody learns which.
mcp::Response RefuseUnknown(mcp::Call& call, const RefusalStyle& style);

// Notes on the record what a rule that only observes would have done.
void Observe(mcp::Call& call, std::string_view reason, const RuleName& rule);

// Notifications, initialize, server/discover and ping: official clients lose the connection when
// one is refused.
bool IsLifecycle(const mcp::Call& call);

}  // namespace gateway
