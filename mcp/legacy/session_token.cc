#include "mcp/legacy/session_token.h"

#include <optional>

#include "base/auth/api_key.h"

namespace mcp::legacy {
namespace {

constexpr char kVersion = 1;
constexpr std::string_view kContext = "portolan session token";
constexpr std::size_t kMaxClientText = 64;

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

base::Error NoSuchSession() { return base::Fail(base::Code::kNotFound, "session not found"); }

}  // namespace

std::string NewSessionId() { return base::auth::RandomBytes(16); }

std::string Seal(base::auth::Aead& keys, const SessionToken& token) {
  std::string plain(1, kVersion);
  WriteText(plain, token.id);
  WriteText(plain, token.principal);
  WriteText(plain, token.endpoint);
  WriteText(plain, token.gateway);
  WriteNumber(plain, token.worker);
  WriteText(plain, ToString(token.revision));
  WriteNumber(plain, static_cast<std::uint64_t>(token.issued_unix_ms));
  WriteText(plain, std::string_view(token.client_name).substr(0, kMaxClientText));
  WriteText(plain, std::string_view(token.client_version).substr(0, kMaxClientText));
  WriteText(plain, token.server_session);
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
  token.gateway = reader.Text();
  token.worker = static_cast<std::uint32_t>(reader.Number());
  const std::optional<Revision> revision = ParseRevision(reader.Text());
  token.issued_unix_ms = static_cast<std::int64_t>(reader.Number());
  token.client_name = reader.Text();
  token.client_version = reader.Text();
  token.server_session = reader.Text();
  if (!reader.ok() || !revision) return NoSuchSession();
  token.revision = *revision;
  if (now_unix_ms - token.issued_unix_ms > kTokenLifeMs) return NoSuchSession();
  return token;
}

}  // namespace mcp::legacy
