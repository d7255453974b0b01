#include "cli/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace cli {
namespace {

std::string Lower(std::string_view text) {
  std::string lower;
  for (const char c : text)
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '-' ? '_' : c;
  return lower;
}

bool IsTokenLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.+/=").find(c) != std::string_view::npos;
}

// Bits a letter, by how often each occurs.
double Entropy(std::string_view text) {
  std::array<int, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = count / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

bool LooksRandom(std::string_view value) {
  if (value.size() < 24 || !std::all_of(value.begin(), value.end(), IsTokenLetter)) return false;
  // Paths, packages and hosts are words between marks.
  if (value.find('/') != std::string_view::npos || value.find("..") != std::string_view::npos)
    return false;
  const auto digits =
      std::count_if(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits >= 3 && Entropy(value) > 3.3;
}

}  // namespace

bool IsSecretName(std::string_view name) {
  static constexpr std::string_view kWords[] = {
      "token",       "secret",      "password",         "passwd",
      "passphrase",  "api_key",     "apikey",           "access_key",
      "auth_key",    "private_key", "authorization",    "credential",
      "cookie",      "client_key",  "subscription_key", "connection_string",
      "database_url"};
  const std::string lower = Lower(name);
  if (lower == "key" || lower == "auth" || lower == "pat" || lower.ends_with("_key") ||
      lower.ends_with("_pat") || lower.ends_with("_auth")) {
    return true;
  }
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

bool IsSecretValue(std::string_view value) {
  if (value.starts_with("Bearer ") || value.starts_with("Basic ")) return true;
  static constexpr std::string_view kPrefixes[] = {
      "ghp_",     "gho_",     "ghu_",    "ghs_",       "github_pat_", "glpat-", "sk-",
      "sk_live_", "sk_test_", "rk_",     "xoxb-",      "xoxp-",       "xapp-",  "AKIA",
      "ASIA",     "AIza",     "eyJ",     "npm_",       "hf_",         "pk_",    "dop_v1_",
      "lin_api_", "ntn_",     "secret_", "-----BEGIN", "ptl_"};
  for (const std::string_view prefix : kPrefixes) {
    if (value.starts_with(prefix) && value.size() >= prefix.size() + 8) return true;
  }
  return LooksRandom(value) || HasSecret(value);
}

bool IsPlaceholder(std::string_view value) {
  return value.starts_with("${") && value.find('}') == value.size() - 1 && value.size() > 3;
}

bool HasPlaceholder(std::string_view value) {
  const std::size_t begin = value.find("${");
  return begin != std::string_view::npos && value.find('}', begin) != std::string_view::npos;
}

bool HasSecret(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::size_t host = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", host), url.size());
  const std::string_view authority = url.substr(host, end - host);
  if (const auto at = authority.find('@');
      at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos) {
    return true;
  }
  std::size_t begin = url.find('?');
  while (begin != std::string_view::npos && begin + 1 < url.size()) {
    const std::size_t next = url.find('&', begin + 1);
    const std::string_view pair =
        url.substr(begin + 1, next == std::string_view::npos ? next : next - begin - 1);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (!value.empty() && !HasPlaceholder(value) &&
        (IsSecretName(pair.substr(0, equals)) || LooksRandom(value))) {
      return true;
    }
    begin = next;
  }
  return false;
}

}  // namespace cli
