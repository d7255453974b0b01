#include "mcp/request_headers.h"

#include <openssl/evp.h>

#include "mcp/raw_json.h"
#include "mcp/revision.h"

namespace mcp {
namespace {

using base::http::EqualsIgnoreCase;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the part before `separator` off the front of `rest`.
std::string_view TakePart(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return Trim(part);
}

// `q=0`, `q=0.000`: not wanted at all (RFC 9110, 12.4.2).
bool IsUnwanted(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = TakePart(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    return parameter.find_first_not_of("0.", 2) == std::string_view::npos;
  }
  return false;
}

void ReadAccept(std::string_view value, RequestHeaders& headers) {
  // What nearly every client says.
  if (value == "application/json, text/event-stream") {
    headers.accepts_json = headers.accepts_events = true;
    return;
  }
  while (!value.empty()) {
    std::string_view parameters = TakePart(value, ',');
    const std::string_view type = TakePart(parameters, ';');
    if (type.empty() || IsUnwanted(parameters)) continue;
    const bool any = type == "*/*";
    if (any || EqualsIgnoreCase(type, "application/json") ||
        EqualsIgnoreCase(type, "application/*")) {
      headers.accepts_json = true;
    }
    if (any || EqualsIgnoreCase(type, "text/event-stream") || EqualsIgnoreCase(type, "text/*")) {
      headers.accepts_events = true;
    }
  }
}

bool IsTaskMethod(std::string_view method) {
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel";
}

CallError Refusal(int code, std::string sentence, std::string_view reason) {
  CallError error;
  error.code = code;
  error.message = std::move(sentence);
  error.reason = reason;
  return error;
}

CallError Mismatch(std::string_view header, bool missing) {
  return Refusal(kHeaderMismatch,
                 "Header " + std::string(header) +
                     (missing ? " is missing." : " differs from the request's body."),
                 "HeaderMismatch");
}

CallError MissingMeta(std::string_view key) {
  return Refusal(kInvalidParams, "params._meta must have '" + std::string(key) + "'.",
                 "MetaMissing");
}

// A revision's date, known or not, that is no older than the first modern one.
bool IsModernDate(std::string_view text) {
  return text.size() == 10 && text >= ToString(Revision::k2026_07_28);
}

}  // namespace

RequestHeaders RequestHeaders::Read(const base::http::Fields& fields) {
  RequestHeaders headers;
  bool accept_seen = false;
  const auto take = [&headers](std::optional<std::string_view>& where, std::string_view value) {
    if (where) headers.ambiguous = true;
    where = Trim(value);
  };
  for (const base::http::Field& field : fields.all()) {
    switch (field.name.size()) {
      case 6:
        if (!EqualsIgnoreCase(field.name, "accept")) break;
        if (!accept_seen) headers.accepts_json = headers.accepts_events = false;
        accept_seen = true;
        ReadAccept(field.value, headers);
        break;
      case 8:
        if (EqualsIgnoreCase(field.name, "mcp-name")) take(headers.name, field.value);
        break;
      case 10:
        if (EqualsIgnoreCase(field.name, "mcp-method")) take(headers.method, field.value);
        break;
      case 12:
        if (EqualsIgnoreCase(field.name, "content-type")) {
          std::string_view value = field.value;
          headers.is_json = value == "application/json" ||
                            EqualsIgnoreCase(TakePart(value, ';'), "application/json");
        }
        break;
      case 14:
        if (EqualsIgnoreCase(field.name, "mcp-session-id")) take(headers.session, field.value);
        break;
      case 20:
        if (EqualsIgnoreCase(field.name, "mcp-protocol-version"))
          take(headers.version, field.value);
        break;
      default: break;
    }
  }
  return headers;
}

bool IsModernRequest(const RequestHeaders& headers, const Envelope& envelope) {
  return !envelope.protocol_version.empty() || (headers.version && IsModernDate(*headers.version));
}

CallError UnsupportedRevision(std::string_view requested, bool serves_older) {
  CallError error = Refusal(kUnsupportedRevision,
                            "Protocol revision '" + std::string(requested) + "' is not supported.",
                            "UnsupportedProtocolVersion");
  error.extra_data_json = "\"supported\":[";
  for (const Revision revision : SupportedRevisions()) {
    if (!IsModern(revision) && !serves_older) continue;
    if (error.extra_data_json.back() != '[') error.extra_data_json += ',';
    error.extra_data_json += Quote(ToString(revision));
  }
  error.extra_data_json += "],\"requested\":" + Quote(requested);
  return error;
}

std::optional<CallError> CheckModern(const RequestHeaders& headers, std::string_view bytes,
                                     const Envelope& envelope, std::string_view method,
                                     std::string_view item, bool serves_older) {
  const bool is_request = envelope.kind == Envelope::Kind::kRequest;
  const std::string_view raw_version = envelope.protocol_version.of(bytes);
  if (is_request && !IsString(raw_version))
    return MissingMeta("io.modelcontextprotocol/protocolVersion");
  if (headers.ambiguous) {
    return Refusal(kHeaderMismatch, "A header of MCP occurs twice.", "HeaderMismatch");
  }
  if (!headers.version) return Mismatch("MCP-Protocol-Version", true);
  const std::optional<std::string_view> version = PlainString(raw_version);
  if (!raw_version.empty() &&
      (version ? *version != *headers.version : DecodeString(raw_version) != *headers.version)) {
    return Mismatch("MCP-Protocol-Version", false);
  }
  const std::optional<Revision> revision = ParseRevision(*headers.version);
  if (!revision || !IsModern(*revision)) return UnsupportedRevision(*headers.version, serves_older);
  if (!headers.method) {
    if (is_request) return Mismatch("Mcp-Method", true);
  } else if (*headers.method != method) {
    return Mismatch("Mcp-Method", false);
  }
  if (!is_request) return std::nullopt;
  if (!IsObject(envelope.client_capabilities.of(bytes))) {
    return MissingMeta("io.modelcontextprotocol/clientCapabilities");
  }
  if (NeedsName(method)) {
    if (!headers.name) return Mismatch("Mcp-Name", true);
    if (*headers.name != item && DecodeHeaderValue(*headers.name) != item)
      return Mismatch("Mcp-Name", false);
  }
  // Of a task, what is there must be right (SEP-2663, Routing Headers).
  if (headers.name && IsTaskMethod(method)) {
    const std::string id = DecodeString(Member(envelope.params.of(bytes), "taskId"));
    if (*headers.name != id && DecodeHeaderValue(*headers.name) != id)
      return Mismatch("Mcp-Name", false);
  }
  return std::nullopt;
}

namespace {

constexpr std::string_view kBase64Prefix = "=?base64?";
constexpr std::string_view kBase64Suffix = "?=";

bool IsWrapped(std::string_view value) {
  return value.size() >= kBase64Prefix.size() + kBase64Suffix.size() &&
         EqualsIgnoreCase(value.substr(0, kBase64Prefix.size()), kBase64Prefix) &&
         value.ends_with(kBase64Suffix);
}

}  // namespace

std::optional<std::string> DecodeHeaderValue(std::string_view value) {
  if (!IsWrapped(value)) return std::string(value);
  value.remove_prefix(kBase64Prefix.size());
  value.remove_suffix(kBase64Suffix.size());
  // OpenSSL skips spaces around; nothing but the alphabet may stand here.
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t data = std::min(value.find_last_not_of('=') + 1, value.size());
  if (value.size() % 4 != 0 || value.size() - data > 2) return std::nullopt;
  if (value.substr(0, data).find_first_not_of(kAlphabet) != std::string_view::npos)
    return std::nullopt;
  std::string out(value.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(value.data()),
                                     static_cast<int>(value.size()));
  if (length < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(length) - (value.size() - data));
  return out;
}

bool IsPlainHeaderValue(std::string_view text) {
  bool plain = Trim(text) == text && !IsWrapped(text);
  for (const char c : text) plain = plain && c >= 0x20 && c < 0x7F;
  return plain;
}

std::string EncodeHeaderValue(std::string_view text) {
  if (IsPlainHeaderValue(text)) return std::string(text);
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return std::string(kBase64Prefix) + encoded + std::string(kBase64Suffix);
}

Span ItemOf(std::string_view method, const Envelope& envelope) {
  if (method == "tools/call" || method == "prompts/get") return envelope.name;
  if (method.starts_with("resources/")) return envelope.uri;
  return {};
}

bool NeedsName(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

}  // namespace mcp
