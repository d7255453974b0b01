#include "mcp/legacy/translate.h"

#include <algorithm>
#include <array>
#include <span>

#include "mcp/error.h"
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

std::string WithErrorCode(std::string_view bytes, const Envelope& envelope, std::int64_t code,
                          std::string_view raw_id) {
  const std::string text = std::to_string(code);
  std::array edits{IdEdit(bytes, envelope, raw_id), Edit{envelope.error_code, text}};
  return Splice(bytes, edits);
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
  if (!identity.log_level.empty()) {
    out += R"(,"io.modelcontextprotocol/logLevel":)" + identity.log_level;
  }
  return out;
}

// Codes of older revisions that MCP 2026-07-28 allocates no more (Error Codes).
constexpr std::int64_t kResourceNotFound = -32002;
constexpr std::int64_t kUrlElicitationRequired = -32042;

std::int64_t ErrorCode(std::string_view bytes, const Envelope& envelope) {
  return Integer(envelope.error_code.of(bytes)).value_or(0);
}

// What the error -32042 asks for, as MCP 2026-07-28 asks: nothing is kept for the retry, since the
// server will look anew.
std::string AskForUrls(std::string_view bytes, const Envelope& envelope, std::string_view raw_id,
                       std::string_view client_capabilities) {
  const std::string_view id = raw_id.empty() ? envelope.id.of(bytes) : raw_id;
  std::string requests;
  Elements elicitations(Member(Member(envelope.error.of(bytes), "data"), "elicitations"));
  for (int number = 1; elicitations.Next(); ++number) {
    if (!IsObject(elicitations.value())) continue;
    if (!requests.empty()) requests += ',';
    requests += "\"url" + std::to_string(number) + R"(":{"method":"elicitation/create","params":)";
    requests += elicitations.value();
    requests += '}';
  }
  const bool able = !Member(Member(client_capabilities, "elicitation"), "url").empty();
  if (able && !requests.empty()) {
    std::string out = R"({"jsonrpc":"2.0","id":)";
    out += id;
    out += R"(,"result":{"resultType":"input_required","inputRequests":{)" + requests + "}}}";
    return out;
  }
  CallError error;
  error.code = kMissingCapability;
  error.message = DecodeString(envelope.error_message.of(bytes));
  error.reason = "MissingCapability";
  error.extra_data_json = R"("requiredCapabilities":{"elicitation":{"url":{}}})";
  return ErrorMessage(id, error, {});
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
                           std::string_view raw_id, std::string_view client_capabilities) {
  if (envelope.kind != Envelope::Kind::kResult) {
    const std::int64_t code = ErrorCode(bytes, envelope);
    if (code == kUrlElicitationRequired) {
      return AskForUrls(bytes, envelope, raw_id, client_capabilities);
    }
    if (code == kResourceNotFound) return WithErrorCode(bytes, envelope, kInvalidParams, raw_id);
    return WithId(bytes, envelope, raw_id);
  }
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

std::string ToLegacyResult(std::string_view bytes, const Envelope& envelope,
                           std::string_view method, std::string_view raw_id) {
  // The parameters of a request that came this far are well-formed, so only the resource is
  // missing.
  if (method == "resources/read" && envelope.kind == Envelope::Kind::kError &&
      ErrorCode(bytes, envelope) == kInvalidParams) {
    return WithErrorCode(bytes, envelope, kResourceNotFound, raw_id);
  }
  return WithId(bytes, envelope, raw_id);
}

bool HasFreshness(std::string_view method) {
  return method == "tools/list" || method == "server/discover" || method == "resources/read" ||
         method == "resources/list" || method == "prompts/list" ||
         method == "resources/templates/list";
}

}  // namespace mcp::legacy
