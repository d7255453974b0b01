#include "registry/lint/names.h"

#include <algorithm>
#include <unordered_map>

namespace registry::lint {
namespace {

// MCP 2025-11-25, Tools, Tool Names.
constexpr std::size_t kMaxName = 128;
// What the strictest clients send on.
constexpr std::size_t kSafeName = 64;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

std::string Folded(std::string_view name) {
  std::string folded;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.') continue;
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return folded;
}

}  // namespace

void CheckToolName(std::string_view name, const Place& place, Findings& findings) {
  if (!std::all_of(name.begin(), name.end(), IsNameByte)) {
    findings.Add("name-characters", Severity::kError, place,
                 "the name has characters other than letters, digits, '_', '-' and '.'",
                 "rename it; many clients refuse such a tool, and with it the whole list");
  }
  if (name.size() > kMaxName) {
    findings.Add(
        "name-length", Severity::kError, place,
        "the name has " + std::to_string(name.size()) + " characters, at most 128 are allowed",
        "give it a shorter one");
  } else if (name.size() > kSafeName) {
    findings.Add(
        "name-length", Severity::kWarning, place,
        "the name has " + std::to_string(name.size()) + " characters; some clients take 64",
        "give it a shorter one");
  }
}

std::vector<Finding> CompareNames(std::span<const std::string_view> names) {
  std::vector<Finding> findings(names.size());
  std::unordered_map<std::string, std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [before, is_new] = seen.emplace(Folded(names[i]), names[i]);
    if (is_new) continue;
    const std::string quoted = "'" + std::string(before->second.substr(0, 128)) + "'";
    const bool same = before->second == names[i];
    findings[i] = {"duplicate-name", same ? Severity::kError : Severity::kWarning, "/name",
                   same ? "the name " + quoted + " occurs twice; clients see one of them"
                        : "the name differs from " + quoted + " in capitals or separators only",
                   "give it a name that nobody can confuse"};
  }
  return findings;
}

}  // namespace registry::lint
