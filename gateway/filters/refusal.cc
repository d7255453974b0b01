#include "gateway/filters/refusal.h"

namespace gateway {

namespace {

// Before 2026-07-28; since then kInvalidParams.
constexpr int kLegacyResourceNotFound = -32002;

}  // namespace

RefusalStyle RefusalStyle::Of(const policy::EffectivePolicy& policy) {
  return {policy.errors, policy.explain};
}

int RefusalStyle::StatusOf(const mcp::CallError& error, int http_status) const {
  if (form == portolan::v1::ErrorStyle::MCP) return 200;
  // Azure API Management: a spent quota is forbidden, a rate that is too high comes too early.
  const bool spent = form == portolan::v1::ErrorStyle::AZURE && error.kind == "quota";
  return spent ? 403 : http_status;
}

int RefusalStyle::StatusOfFailure(int error_code) const {
  if (form == portolan::v1::ErrorStyle::MCP) return 200;
  switch (error_code) {
    case mcp::kUpstreamFailed: return 502;
    case mcp::kUpstreamUnavailable: return 503;
    case mcp::kUpstreamTimeout: return 504;
    case mcp::kInternalError: return 500;
    default: return 200;
  }
}

RuleName RuleName::Of(const policy::EffectiveRule& rule) {
  RuleName name;
  name.id = rule.rule.id();
  name.scope = std::string(policy::ScopeName(rule.scope)) + "/" + rule.set;
  name.origin = rule.origin();
  return name;
}

mcp::Response Refuse(mcp::Call& call, mcp::CallError error, int http_status,
                     const RefusalStyle& style, const RuleName* rule) {
  mcp::Record& record = call.record;
  record.outcome = mcp::Outcome::kRefused;
  record.observed_only = false;
  record.error_code = error.code;
  record.reason = error.reason;
  record.message = error.message;
  if (rule) {
    record.rule = rule->origin;
    if (style.explain) {
      error.rule = rule->id;
      error.scope = rule->scope;
    }
  }
  mcp::Response response;
  response.kind = mcp::Response::Kind::kRefused;
  response.http_status = style.StatusOf(error, http_status);
  if (call.is_request()) response.body = mcp::ErrorMessage(call.id(), error, record.request_id);
  return response;
}

mcp::Response RefuseUnknown(mcp::Call& call, const RefusalStyle& style) {
  mcp::CallError error;
  error.code = mcp::kInvalidParams;
  // The end of a long name says little.
  const std::string named = "'" + std::string(call.item.substr(0, 128)) + "'.";
  if (call.method == "tools/call") {
    error.message = "Unknown tool: " + named;
  } else if (call.method == "prompts/get") {
    error.message = "Unknown prompt: " + named;
  } else if (call.method.starts_with("resources/")) {
    error.message = "Resource not found: " + named;
    if (!mcp::IsModern(call.revision)) error.code = kLegacyResourceNotFound;
  } else {
    error.message = "Unknown reference.";
  }
  error.reason = "UnknownItem";
  return Refuse(call, std::move(error), 404, style, nullptr);
}

void Observe(mcp::Call& call, std::string_view reason, const RuleName& rule) {
  call.record.observed_only = true;
  call.record.reason = reason;
  call.record.rule = rule.origin;
}

bool IsLifecycle(const mcp::Call& call) {
  return !call.is_request() || call.method == "ping" || call.method == "server/discover" ||
         call.method == "initialize";
}

}  // namespace gateway
