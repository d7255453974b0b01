#include "gateway/backends/forwarded_fields.h"

namespace gateway {
namespace {

using base::http::EqualsIgnoreCase;

constexpr std::string_view kParameter = "mcp-param-";

bool IsParameter(std::string_view name) {
  return name.size() > kParameter.size() &&
         EqualsIgnoreCase(name.substr(0, kParameter.size()), kParameter);
}

// Each field of each call is asked about, so the first letter decides for most.
bool IsForwarded(std::string_view name, bool modern) {
  switch (name.empty() ? '\0' : name.front() | 0x20) {
    case 'b': return EqualsIgnoreCase(name, "baggage");
    case 'm': return modern && IsParameter(name);
    case 't': return EqualsIgnoreCase(name, "tracestate") || EqualsIgnoreCase(name, "traceparent");
    default: return false;
  }
}

}  // namespace

FieldList ForwardedFields(const mcp::Call& call, bool modern) {
  FieldList fields;
  if (!call.record.request_id.empty()) fields.push_back({"X-Request-Id", call.record.request_id});
  if (!call.fields) return fields;
  for (const base::http::Field& field : call.fields->all()) {
    if (IsForwarded(field.name, modern)) fields.push_back(field);
  }
  return fields;
}

}  // namespace gateway
