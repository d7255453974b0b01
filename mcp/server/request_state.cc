#include "mcp/server/request_state.h"

#include <vector>

#include "base/auth/api_key.h"
#include "mcp/object_writer.h"
#include "mcp/raw_json.h"

namespace mcp {
namespace {

// What the state is bound to. The lengths keep two parts from being read as one.
std::string ContextOf(const Call& call) {
  std::string out;
  for (const std::string_view part : {std::string_view(call.principal.id), call.method, call.item})
    out += std::to_string(part.size()) + ":" + std::string(part);
  return out;
}

base::auth::Aead FreshKey() {
  std::vector<std::string> keys = {base::auth::RandomBytes(32)};
  return base::auth::Aead(std::move(keys));
}

}  // namespace

RequestState::RequestState() : key_(FreshKey()) {}

std::optional<std::string> RequestState::Seal(const Call& call, const Answers& answers) {
  std::string plain = "{";
  for (const auto& [key, raw] : answers) {
    if (plain.size() > 1) plain += ',';
    plain += Quote(key) + ":" + raw;
  }
  plain += '}';
  if (plain.size() > kMaxBytes) return std::nullopt;
  return base::auth::Base64UrlEncode(key_.Seal(plain, ContextOf(call)));
}

std::optional<Answers> RequestState::Open(const Call& call, std::string_view text) {
  if (text.size() > 2 * kMaxBytes) return std::nullopt;
  const std::optional<std::string> sealed = base::auth::Base64UrlDecode(text);
  if (!sealed) return std::nullopt;
  const std::optional<std::string> plain = key_.Open(*sealed, ContextOf(call));
  if (!plain) return std::nullopt;
  Answers out;
  Members members(*plain);
  while (members.Next()) out.emplace(DecodeString(members.key()), members.value());
  return out;
}

}  // namespace mcp
