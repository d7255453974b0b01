#include "mcp/legacy/translate.h"

#include <algorithm>
#include <array>
#include <span>

#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

constexpr std::string_view kPrefix = "io.modelcontextprotocol/";

// Puts `text` in place of the bytes of `where`.
struct Edit {
  Span where;
  std::string_view text;
};

std::string Splice(std::string_view bytes, std::span<Edit> edits) {
  std::sort(edits.begin(), edits.end(),
            [](const Edit& a, const Edit& b) { return a.where.begin < b.where.begin; });
  std::size_t size = bytes.size();
  for (const Edit& edit : edits) size += edit.text.size();
  std::string out;
  out.reserve(size);
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    out += bytes.substr(at, edit.where.begin - at);
    out += edit.text;
    at = edit.where.end;
  }
  out += bytes.substr(at);
  return out;
}

Edit IdEdit(std::string_view bytes, const Envelope& envelope, std::string_view raw_id) {
  if (envelope.id.empty() || raw_id.empty()) return {envelope.id, envelope.id.of(bytes)};
  return {envelope.id, raw_id};
}

bool IsEmptyObject(std::string_view raw) {
  Members members(raw);
  return !members.Next();
}

// The members of `meta` that are not the protocol's own, without braces.
std::string OtherMeta(std::string_view meta) {
  std::string out;
  Members members(meta);
  while (members.Next()) {
    const auto plain = PlainString(members.key());
    if (plain ? plain->starts_with(kPrefix) : DecodeString(members.key()).starts_with(kPrefix))
      continue;
    if (!out.empty()) out += ',';
    out += members.key();
    out += ':';
    out += members.value();
  }
  return out;
}

std::string ModernMeta(const Identity& identity) {
  std::string out = R"("io.modelcontextprotocol/protocolVersion":)";
  out += Quote(ToString(kLatest));
  out += R"(,"io.modelcontextprotocol/clientInfo":)" + identity.info;
  out += R"(,"io.modelcontextprotocol/clientCapabilities":)" + identity.capabilities;
  return out;
}

// The place right behind the opening brace of an object.
Span Inside(Span object) { return {object.begin + 1, object.begin + 1}; }

}  // namespace

std::string WithId(std::string_view bytes, const Envelope& envelope, std::string_view raw_id) {
  std::array edits{IdEdit(bytes, envelope, raw_id)};
  return Splice(bytes, edits);
}

std::string ToModernRequest(std::string_view bytes, const Envelope& envelope,
                            const Identity& identity, std::string_view raw_id) {
  std::string text = ModernMeta(identity);
  Span where;
  if (envelope.params.empty()) {
    text = ",\"params\":{\"_meta\":{" + text + "}}";
    const auto end = static_cast<std::uint32_t>(bytes.rfind('}'));
    where = {end, end};
  } else if (envelope.meta.empty()) {
    text = "\"_meta\":{" + text + (IsEmptyObject(envelope.params.of(bytes)) ? "}" : "},");
    where = Inside(envelope.params);
  } else {
    // Whatever it says about itself under the protocol's own keys is replaced, never doubled.
    const std::string others = OtherMeta(envelope.meta.of(bytes));
    text = "{" + text + (others.empty() ? "" : ",") + others + "}";
    where = envelope.meta;
  }
  std::array edits{IdEdit(bytes, envelope, raw_id), Edit{where, text}};
  return Splice(bytes, edits);
}

std::string ToLegacyRequest(std::string_view bytes, const Envelope& envelope,
                            std::string_view raw_id) {
  if (envelope.meta.empty()) return WithId(bytes, envelope, raw_id);
  const std::string meta = "{" + OtherMeta(envelope.meta.of(bytes)) + "}";
  std::array edits{IdEdit(bytes, envelope, raw_id), Edit{envelope.meta, meta}};
  return Splice(bytes, edits);
}

std::string ToModernResult(std::string_view bytes, const Envelope& envelope,
                           std::string_view method, const Freshness& freshness,
                           std::string_view raw_id) {
  if (envelope.kind != Envelope::Kind::kResult) return WithId(bytes, envelope, raw_id);
  const std::string_view result = envelope.result.of(bytes);
  std::string text;
  if (envelope.result_type.empty()) text += R"("resultType":"complete",)";
  if (HasFreshness(method)) {
    if (Member(result, "ttlMs").empty())
      text += "\"ttlMs\":" + std::to_string(freshness.ttl_ms) + ",";
    if (Member(result, "cacheScope").empty()) {
      text += freshness.is_private ? R"("cacheScope":"private",)" : R"("cacheScope":"public",)";
    }
  }
  if (text.ends_with(',') && IsEmptyObject(result)) text.pop_back();
  std::array edits{IdEdit(bytes, envelope, raw_id), Edit{Inside(envelope.result), text}};
  return Splice(bytes, edits);
}

bool HasFreshness(std::string_view method) {
  return method == "tools/list" || method == "server/discover" || method == "resources/read" ||
         method == "resources/list" || method == "prompts/list" ||
         method == "resources/templates/list";
}

}  // namespace mcp::legacy
