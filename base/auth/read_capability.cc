#include "base/auth/read_capability.h"

#include "base/auth/api_key.h"

namespace base::auth {
namespace {

constexpr std::size_t kMaxBytes = 256;
constexpr std::string_view kPurpose = "portolan read capability\n";

std::string Mac(std::string_view sha256) {
  return Base64UrlEncode(Sha256(std::string(kPurpose) + std::string(sha256)));
}

// The parts of `PREFIX_NAME_REST`.
std::optional<ReadCapability> Split(std::string_view text, std::string_view token_prefix,
                                    std::string_view key_prefix) {
  ReadCapability parts;
  if (text.size() > kMaxBytes) return std::nullopt;
  if (text.starts_with(token_prefix)) {
    text.remove_prefix(token_prefix.size());
  } else if (text.starts_with(key_prefix)) {
    parts.of = CapabilityOf::kKey;
    text.remove_prefix(key_prefix.size());
  } else {
    return std::nullopt;
  }
  const std::size_t end = text.find('_');
  if (end == text.npos || end == 0 || end + 1 == text.size()) return std::nullopt;
  parts.name = text.substr(0, end);
  parts.mac = text.substr(end + 1);
  return parts;
}

}  // namespace

std::optional<ReadCapability> ReadCapability::Parse(std::string_view text) {
  return Split(text, "tok_", "key_");
}

std::optional<ReadCapability> ReadCapability::For(std::string_view credential) {
  auto made = Split(credential, "ptt_", "ptk_");
  if (made) made->mac = Mac(Sha256(credential));
  return made;
}

std::string ReadCapability::ToString() const {
  return (of == CapabilityOf::kToken ? "tok_" : "key_") + name + "_" + mac;
}

bool ReadCapability::Fits(std::string_view sha256) const {
  return ConstantTimeEquals(mac, Mac(sha256));
}

}  // namespace base::auth
