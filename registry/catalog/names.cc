#include "registry/catalog/names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace registry {
namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxVersion = 255;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool AllOf(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAlphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

base::Error BadName(std::string_view name, std::string_view rule) {
  std::string shown(name.substr(0, 80));
  if (shown.size() < name.size()) shown += "…";
  return base::Fail(base::Code::kInvalidArgument, "/name: '" + shown + "' " + std::string(rule));
}

std::string ToLabel(std::string_view text) {
  std::string label;
  for (const char c : text) {
    const char lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const bool fits = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (!fits && label.empty()) continue;
    label += fits ? lower : '-';
  }
  if (label.size() > kMaxLabel) label.resize(kMaxLabel);
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label;
}

}  // namespace

base::Result<void> CheckServerName(std::string_view name) {
  if (name.size() < 3 || name.size() > 200) return BadName(name, "must have 3 to 200 characters");
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == name.size() ||
      !AllOf(name.substr(0, slash), ".-") || !AllOf(name.substr(slash + 1), "._-")) {
    return BadName(name,
                   "is not namespace/name of letters, digits, '.', '-' (and '_' behind the slash)");
  }
  if (name.find("..") != std::string_view::npos) return BadName(name, "must not contain '..'");
  return {};
}

base::Result<VersionName> ParseVersionName(std::string_view name) {
  const std::size_t at = name.find('@');
  if (at == std::string_view::npos) return BadName(name, "is not namespace/name@version");
  const VersionName parts{name.substr(0, at), name.substr(at + 1)};
  if (const auto ok = CheckServerName(parts.server); ok.has_error()) return ok.error();
  if (parts.version.empty() || parts.version.size() > kMaxVersion ||
      !AllOf(parts.version, ".-_+~:")) {
    return BadName(
        name,
        "has no version that a server.json may have (letters, digits, '.-_+~:', at most 255)");
  }
  if (parts.version == "latest") return BadName(name, "must not have the version 'latest'");
  return parts;
}

base::Result<void> CheckPlainName(std::string_view name) {
  if (name.empty() || name.size() > 128 || !IsAlphanumeric(name.front()) || !AllOf(name, "._@-")) {
    return BadName(name,
                   "must be 1 to 128 letters, digits and '._@-', beginning with a letter or digit");
  }
  if (name.find("..") != std::string_view::npos) return BadName(name, "must not contain '..'");
  return {};
}

bool IsLabel(std::string_view text) {
  if (text.empty() || text.size() > kMaxLabel || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool IsNamespacePattern(std::string_view pattern) {
  if (pattern.ends_with(".*")) pattern.remove_suffix(2);
  return CheckServerName(std::string(pattern) + "/x").has_value();
}

bool IsReservedBasePath(std::string_view base_path) {
  static constexpr std::array<std::string_view, 11> kReserved = {
      "mcp",     "sse",    "messages", "register", "connect", "oauth",
      "healthz", "readyz", "metrics",  "v0",       "api"};
  return std::find(kReserved.begin(), kReserved.end(), base_path) != kReserved.end();
}

std::string DefaultBasePath(std::string_view server_name) {
  return ToLabel(server_name.substr(server_name.find('/') + 1));
}

std::string BasePathSuggestion(std::string_view server_name, std::string_view base_path, int n) {
  if (n == 0) {
    // io.github.acme/weather: acme-weather
    const std::string_view space = server_name.substr(0, server_name.find('/'));
    const std::size_t dot = space.rfind('.');
    return ToLabel(std::string(dot == std::string_view::npos ? space : space.substr(dot + 1)) +
                   "-" + std::string(base_path));
  }
  const std::string number = "-" + std::to_string(n + 1);
  return ToLabel(base_path.substr(0, kMaxLabel - number.size())) + number;
}

}  // namespace registry
