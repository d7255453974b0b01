#include "gateway/filters/validate_arguments.h"

#include "mcp/raw_json.h"

namespace gateway {
namespace {

using Action = policy::Validation::Check::Action;

constexpr std::string_view kTooLong = "RequestTooLarge";
constexpr std::string_view kMisfit = "ArgumentsInvalid";
constexpr std::string_view kUnusable = "SchemaUnusable";

// The end of a long name says little.
std::string Named(const mcp::Call& call) {
  return "'" + std::string(call.item.substr(0, 128)) + "'";
}

}  // namespace

std::optional<mcp::Response> ValidateArguments::Before(mcp::Call& call) const {
  const policy::Validation::Terms terms = rules_->TermsFor(call);
  if (terms.request.passed_by(call.bytes.size())) return RefuseLong(call, terms.request);
  if (terms.observed_request.passed_by(call.bytes.size()))
    Observe(call, kTooLong, rules_->NameOf(*terms.observed_request.rule));
  if (terms.arguments.action == Action::kNone || call.method != "tools/call") return std::nullopt;
  return CheckArguments(call, terms.arguments);
}

mcp::Response ValidateArguments::RefuseLong(mcp::Call& call,
                                            const policy::Validation::Bound& bound) const {
  mcp::CallError error;
  error.code = mcp::kInvalidRequest;
  error.message = "The request is longer than the " + std::to_string(bound.bytes) +
                  " bytes that a policy of this endpoint takes.";
  error.reason = kTooLong;
  error.limit = bound.bytes;
  mcp::Response response =
      Refuse(call, std::move(error), 413, style_, &rules_->NameOf(*bound.rule));
  response.http_status = 413;  // in each style
  return response;
}

std::optional<mcp::Response> ValidateArguments::CheckArguments(
    mcp::Call& call, const policy::Validation::Check& check) const {
  const RuleName& rule = rules_->NameOf(*check.rule);
  const bool prevent = check.action == Action::kPrevent;
  std::string_view arguments = call.envelope.arguments.of(call.bytes);
  if (arguments.empty()) arguments = "{}";
  ValidateRules::Held held = rules_->Hold(call.item, "inputSchema", arguments);
  if (held.unknown_tool) {
    if (!prevent) return std::nullopt;
    mcp::Response response = RefuseUnknown(call, style_);
    // For those who run this, not for the caller.
    call.record.rule = rule.origin;
    return response;
  }
  if (!held.unusable.empty()) {
    if (!prevent) {
      Observe(call, kUnusable, rule);
      call.record.message = held.unusable;
      return std::nullopt;
    }
    mcp::CallError error;
    error.code = mcp::kForbidden;
    error.message = "The arguments of tool " + Named(call) +
                    " cannot be checked, since the schema that its server declares cannot be "
                    "used. Whoever runs the server has to mend it.";
    error.reason = kUnusable;
    mcp::Response response = Refuse(call, std::move(error), 403, style_, &rule);
    call.record.message = held.unusable;
    return response;
  }
  if (held.places.empty()) return std::nullopt;
  const Misfit misfit{
      kMisfit,
      "The arguments do not fit the schema of tool " + Named(call) + ". Mend them and call again:",
      std::move(held.places)};
  if (prevent) return RefuseMisfit(call, misfit, style_, rule);
  ObserveMisfit(call, misfit, rule);
  return std::nullopt;
}

}  // namespace gateway
