#include "gateway/backends/forwarded_fields.h"

#include <algorithm>

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

void Erase(FieldList& fields, std::string_view name) {
  fields.erase(std::remove_if(fields.begin(), fields.end(),
                              [&](const base::http::Field& field) {
                                return EqualsIgnoreCase(field.name, name);
                              }),
               fields.end());
}

bool Has(const FieldList& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const base::http::Field& field) {
    return EqualsIgnoreCase(field.name, name);
  });
}

// Whatever a rule says: the second of two locks, policy/header_names has the first.
bool NeverTravels(std::string_view name) {
  for (const std::string_view proof :
       {"authorization", "proxy-authorization", "cookie", "mcp-session-id"}) {
    if (EqualsIgnoreCase(name, proof)) return true;
  }
  return false;
}

void AddForwarded(FieldList& fields, const base::http::Fields& callers,
                  const mcp::UpstreamTerms& terms) {
  for (const base::http::Field& field : callers.all()) {
    if (NeverTravels(field.name) || IsForwarded(field.name, true)) continue;
    const bool named =
        std::any_of(terms.forward.begin(), terms.forward.end(),
                    [&](const std::string& name) { return EqualsIgnoreCase(name, field.name); });
    if (named) fields.push_back(field);
  }
}

void AddOwn(FieldList& fields, const mcp::UpstreamTerms& terms) {
  for (const mcp::UpstreamTerms::Line& line : terms.lines) {
    if (line.conflict == mcp::UpstreamTerms::Conflict::kKeep && Has(fields, line.name)) continue;
    if (line.conflict == mcp::UpstreamTerms::Conflict::kReplace) Erase(fields, line.name);
    fields.push_back({line.name, line.value});
  }
  for (const mcp::UpstreamTerms::Line& line : terms.credential) Erase(fields, line.name);
  for (const mcp::UpstreamTerms::Line& line : terms.credential)
    fields.push_back({line.name, line.value});
}

}  // namespace

FieldList ForwardedFields(const mcp::Call& call, bool modern) {
  FieldList fields;
  if (!call.record.request_id.empty()) fields.push_back({"X-Request-Id", call.record.request_id});
  if (call.fields) {
    for (const base::http::Field& field : call.fields->all()) {
      if (IsForwarded(field.name, modern)) fields.push_back(field);
    }
  }
  if (!call.upstream) return fields;
  if (call.fields) AddForwarded(fields, *call.fields, *call.upstream);
  for (const std::string& name : call.upstream->remove) Erase(fields, name);
  AddOwn(fields, *call.upstream);
  return fields;
}

FieldList OwnFields(const mcp::UpstreamTerms* terms) {
  FieldList fields;
  if (terms) AddOwn(fields, *terms);
  return fields;
}

}  // namespace gateway
