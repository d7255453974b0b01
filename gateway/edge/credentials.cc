#include "gateway/edge/credentials.h"

#include <algorithm>
#include <optional>

namespace gateway {

namespace {

Credentials Key(std::string_view value) { return {Credentials::Kind::kApiKey, value, {}}; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::optional<std::string> Parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string()
                                            : PercentDecode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

bool TakesKeys(const GateRules& rules) {
  return std::any_of(rules.authenticate.begin(), rules.authenticate.end(),
                     [](const AuthenticateRule& rule) { return !rule.keys.empty(); });
}

}  // namespace

Credentials CredentialsOf(const base::http::RequestHead& head, const GateRules& rules) {
  for (const AuthenticateRule& rule : rules.authenticate) {
    for (const AuthenticateRule::ApiKeyProof& proof : rule.keys) {
      for (const std::string& header : proof.headers) {
        if (base::http::EqualsIgnoreCase(header, "Authorization")) continue;  // below
        if (const auto value = head.fields.Find(header)) return Key(*value);
      }
      if (proof.query.empty()) continue;
      if (auto value = Parameter(head.query, proof.query)) {
        Credentials found{Credentials::Kind::kApiKey, {}, std::move(*value)};
        return found;
      }
    }
  }
  const auto own_key = head.fields.Find("X-Api-Key");
  const auto authorization = head.fields.Find("Authorization");
  // Where no key helps, one is no reason to overlook a token.
  const bool token_first = authorization && rules.takes_tokens() && !TakesKeys(rules);
  if (own_key && !token_first) return Key(*own_key);
  if (!authorization) return {};
  constexpr std::string_view kBearer = "Bearer ";
  if (authorization->size() <= kBearer.size() ||
      !base::http::EqualsIgnoreCase(authorization->substr(0, kBearer.size()), kBearer)) {
    return {Credentials::Kind::kUnknown, {}, {}};
  }
  const std::string_view value = authorization->substr(kBearer.size());
  if (value.starts_with("ptk_")) return Key(value);
  return {Credentials::Kind::kToken, value, {}};
}

}  // namespace gateway
