#include "gateway/filters/cache_key.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "mcp/raw_json.h"

namespace gateway {
namespace {

// Of a call's parameters.
constexpr std::size_t kMaxQuestionBytes = 64 * 1024;

using base::http::EqualsIgnoreCase;

bool MeansNothing(const mcp::Members& meta) {
  constexpr std::array<std::string_view, 7> kNames = {
      "progressToken",
      "traceparent",
      "tracestate",
      "io.modelcontextprotocol/protocolVersion",
      "io.modelcontextprotocol/clientInfo",
      "io.modelcontextprotocol/clientCapabilities",  // those of the call, below
      "io.modelcontextprotocol/logLevel",
  };
  return std::any_of(kNames.begin(), kNames.end(),
                     [&meta](std::string_view name) { return meta.Is(name); });
}

// As gateway/backends/forwarded_fields passes them on; trace ids mean nothing.
bool TravelsOn(std::string_view name, std::span<const std::string_view> forwarded) {
  constexpr std::string_view kParameter = "mcp-param-";
  return EqualsIgnoreCase(name, "baggage") ||
         EqualsIgnoreCase(name.substr(0, kParameter.size()), kParameter) ||
         std::any_of(forwarded.begin(), forwarded.end(),
                     [&](std::string_view one) { return EqualsIgnoreCase(one, name); });
}

void AppendFields(const base::http::Fields& fields, std::span<const std::string_view> forwarded,
                  std::string& out) {
  std::vector<std::pair<std::string, std::string_view>> lines;
  for (const base::http::Field& field : fields.all()) {
    if (!TravelsOn(field.name, forwarded)) continue;
    std::string name(field.name);
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    lines.emplace_back(std::move(name), field.value);
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [name, value] : lines) {
    AppendPart(name, out);
    AppendPart(value, out);
  }
}

// The rest of `_meta`, as an object in one spelling.
std::string MetaOf(std::string_view meta) {
  std::string rest = "{";
  mcp::Members members(meta);
  while (members.Next()) {
    if (MeansNothing(members)) continue;
    if (rest.size() > 1) rest += ',';
    rest.append(members.key()).append(":").append(members.value());
  }
  rest += '}';
  std::string out;
  AppendCanonical(rest, out);
  return out;
}

}  // namespace

void AppendPart(std::string_view part, std::string& out) {
  out += std::to_string(part.size());
  out += ':';
  out += part;
}

void AppendCanonical(std::string_view raw, std::string& out) {
  if (mcp::IsObject(raw)) {
    std::vector<std::pair<std::string_view, std::string_view>> members;
    mcp::Members walk(raw);
    while (walk.Next()) members.emplace_back(walk.key(), walk.value());
    // Of members with the same name the order is told apart.
    std::stable_sort(members.begin(), members.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (const auto& [key, value] : members) {
      if (out.back() != '{') out += ',';
      out.append(key) += ':';
      AppendCanonical(value, out);
    }
    out += '}';
  } else if (mcp::IsArray(raw)) {
    out += '[';
    mcp::Elements walk(raw);
    while (walk.Next()) {
      if (out.back() != '[') out += ',';
      AppendCanonical(walk.value(), out);
    }
    out += ']';
  } else {
    out += raw;
  }
}

std::optional<std::string> QuestionOf(const mcp::Call& call,
                                      std::span<const std::string_view> forwarded) {
  const std::string_view params = call.envelope.params.of(call.bytes);
  if (params.size() > kMaxQuestionBytes) return std::nullopt;
  mcp::Members members(params);
  while (members.Next()) {
    const bool known = members.Is("name") || members.Is("arguments") || members.Is("_meta") ||
                       members.Is("cursor");
    if (!known) return std::nullopt;
  }
  std::string question;
  AppendPart(call.method, question);
  AppendPart(call.item, question);
  AppendPart(call.envelope.cursor.of(call.bytes), question);
  const std::string_view spoken = call.record.protocol_revision;
  AppendPart(spoken.empty() ? mcp::ToString(call.revision) : spoken, question);
  std::string part;
  AppendCanonical(call.envelope.arguments.of(call.bytes), part);
  AppendPart(part, question);
  AppendPart(MetaOf(call.envelope.meta.of(call.bytes)), question);
  part.clear();
  AppendCanonical(call.client_capabilities, part);
  AppendPart(part, question);
  if (call.fields) AppendFields(*call.fields, forwarded, question);
  return question;
}

}  // namespace gateway
