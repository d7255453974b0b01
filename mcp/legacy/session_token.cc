#include "mcp/legacy/session_token.h"

#include <algorithm>
#include <optional>

#include "base/auth/api_key.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

constexpr char kVersion = 2;
constexpr std::string_view kContext = "portolan session token";
constexpr std::size_t kMaxClientText = 64;
constexpr std::size_t kMaxInfoBytes = 512;
constexpr std::size_t kMaxCapabilitiesBytes = 1024;

void WriteNumber(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void WriteText(std::string& out, std::string_view text) {
  WriteNumber(out, text.size());
  out += text;
}

// Reads what the two above wrote. After a failure everything reads as empty and ok() stays false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t Number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (!(byte & 0x80)) return value;
    }
    return Broken();
  }
  std::string Text() {
    const std::uint64_t length = Number();
    if (length > rest_.size()) {
      Broken();
      return {};
    }
    std::string text(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return text;
  }
  bool ok() const { return ok_ && rest_.empty(); }

 private:
  std::uint64_t Broken() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

std::string ShortInfo(std::string_view info) {
  if (info.size() <= kMaxInfoBytes) return std::string(info);
  std::string out = "{";
  for (const std::string_view name : {"name", "version"}) {
    std::string text = DecodeString(Member(info, name));
    std::size_t end = std::min(text.size(), kMaxClientText);
    // Not within a character.
    while (end > 0 && end < text.size() && (text[end] & 0xC0) == 0x80) --end;
    text.resize(end);
    if (out.size() > 1) out += ',';
    out.append("\"").append(name).append("\":").append(Quote(text));
  }
  return out + "}";
}

std::string ShortCapabilities(std::string_view capabilities) {
  if (capabilities.size() <= kMaxCapabilitiesBytes) return std::string(capabilities);
  std::string out = "{";
  // MCP 2025-11-25, Lifecycle, Capability Negotiation; the modes of elicitation in short form too.
  for (const std::string_view name : {"roots", "sampling", "elicitation"}) {
    const std::string_view value = Member(capabilities, name);
    if (!IsObject(value)) continue;
    if (out.size() > 1) out += ',';
    out.append("\"").append(name).append("\":");
    out += value.size() <= kMaxClientText ? value : std::string_view("{}");
  }
  return out + "}";
}

base::Error NoSuchSession() { return base::Fail(base::Code::kNotFound, "session not found"); }

}  // namespace

SessionToken NewToken(std::string_view principal, std::string_view endpoint, Revision revision,
                      std::string_view client_info, std::string_view client_capabilities,
                      std::int64_t now_unix_ms) {
  SessionToken token;
  token.id = base::auth::RandomBytes(16);
  token.principal = principal;
  token.endpoint = endpoint;
  token.revision = revision;
  token.issued_unix_ms = now_unix_ms;
  token.client_info = ShortInfo(client_info);
  token.client_capabilities = ShortCapabilities(client_capabilities);
  return token;
}

CallerSession::Facts FactsOf(SessionToken token) {
  CallerSession::Facts facts;
  facts.revision = token.revision;
  facts.key = std::move(token.id);
  facts.principal = std::move(token.principal);
  facts.endpoint = std::move(token.endpoint);
  facts.expires_unix_ms = token.issued_unix_ms + kTokenLifeMs;
  facts.client_name = DecodeString(Member(token.client_info, "name"));
  facts.client_version = DecodeString(Member(token.client_info, "version"));
  facts.client_info = std::move(token.client_info);
  facts.client_capabilities = std::move(token.client_capabilities);
  return facts;
}

bool IsFor(const CallerSession::Facts& facts, std::string_view principal, std::string_view endpoint,
           std::int64_t now_unix_ms) {
  return facts.principal == principal && facts.endpoint == endpoint &&
         now_unix_ms <= facts.expires_unix_ms;
}

std::string Seal(base::auth::Aead& keys, const SessionToken& token) {
  std::string plain(1, kVersion);
  WriteText(plain, token.id);
  WriteText(plain, token.principal);
  WriteText(plain, token.endpoint);
  WriteText(plain, ToString(token.revision));
  WriteNumber(plain, static_cast<std::uint64_t>(token.issued_unix_ms));
  WriteText(plain, token.client_info);
  WriteText(plain, token.client_capabilities);
  return base::auth::Base64UrlEncode(keys.Seal(plain, kContext));
}

base::Result<SessionToken> Open(base::auth::Aead& keys, std::string_view text,
                                std::int64_t now_unix_ms) {
  if (text.size() > kMaxTokenBytes) return NoSuchSession();
  const std::optional<std::string> sealed = base::auth::Base64UrlDecode(text);
  if (!sealed) return NoSuchSession();
  const std::optional<std::string> plain = keys.Open(*sealed, kContext);
  if (!plain || plain->empty() || plain->front() != kVersion) return NoSuchSession();

  Reader reader(std::string_view(*plain).substr(1));
  SessionToken token;
  token.id = reader.Text();
  token.principal = reader.Text();
  token.endpoint = reader.Text();
  const std::optional<Revision> revision = ParseRevision(reader.Text());
  token.issued_unix_ms = static_cast<std::int64_t>(reader.Number());
  token.client_info = reader.Text();
  token.client_capabilities = reader.Text();
  if (!reader.ok() || !revision) return NoSuchSession();
  token.revision = *revision;
  if (now_unix_ms - token.issued_unix_ms > kTokenLifeMs) return NoSuchSession();
  return token;
}

}  // namespace mcp::legacy
