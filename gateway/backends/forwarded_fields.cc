#include "gateway/backends/forwarded_fields.h"

namespace gateway {
namespace {

constexpr std::string_view kParameter = "mcp-param-";

bool IsTraceContext(std::string_view name) {
  using base::http::EqualsIgnoreCase;
  switch (name.size()) {
    case 7: return EqualsIgnoreCase(name, "baggage");
    case 10: return EqualsIgnoreCase(name, "tracestate");
    case 11: return EqualsIgnoreCase(name, "traceparent");
    default: return false;
  }
}

bool IsParameter(std::string_view name) {
  return name.size() > kParameter.size() &&
         base::http::EqualsIgnoreCase(name.substr(0, kParameter.size()), kParameter);
}

}  // namespace

FieldList ForwardedFields(const mcp::Call& call, bool modern) {
  FieldList fields;
  if (!call.record.request_id.empty()) fields.push_back({"X-Request-Id", call.record.request_id});
  if (!call.fields) return fields;
  for (const base::http::Field& field : call.fields->all()) {
    if (IsTraceContext(field.name) || (modern && IsParameter(field.name))) {
      fields.push_back(field);
    }
  }
  return fields;
}

}  // namespace gateway
