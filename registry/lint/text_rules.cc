#include "registry/lint/text_rules.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/detectors/hidden_text.h"
#include "policy/detectors/phrases.h"

namespace registry::lint {
namespace {

using policy::Phrase;

constexpr std::size_t kLeastBlob = 160;
constexpr const char* kFix = "read it as the model will; have it removed, or reject the server";

std::string Name(std::uint32_t c) {
  std::array<char, 16> text;
  const int size = std::snprintf(text.data(), text.size(), "U+%04X", c);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string Quoted(std::string_view text) {
  constexpr std::size_t kMost = 80;
  return "'" + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "…'" : "'");
}

bool HoldsBlob(std::string_view text) {
  std::size_t run = 0;
  for (const char c : text) {
    const bool code = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
                      c == '=' || c == '_' || c == '-';
    run = code ? run + 1 : 0;
    if (run == kLeastBlob) return true;
  }
  return false;
}

}  // namespace

void CheckHidden(std::string_view text, const Place& place, Findings& findings) {
  const std::vector<std::uint32_t> hidden = policy::HiddenIn(text);
  if (hidden.empty()) return;
  std::string names;
  for (const std::uint32_t c : hidden) names += (names.empty() ? "" : ", ") + Name(c);
  findings.Add("hidden-unicode", Severity::kError, place,
               place.Words() + " holds characters that nobody sees: " + names,
               "ask the publisher what they are for, and have them removed");
}

void CheckPhrases(std::string_view text, const Place& place, Findings& findings) {
  std::set<std::string> markers;
  bool file = false;
  for (const Phrase& phrase : policy::FindPhrases(text)) {
    const std::string words =
        policy::FoldText(text.substr(phrase.range.begin, phrase.range.end - phrase.range.begin));
    // The same marker again, and a second file, tell nothing more.
    if (phrase.kind == Phrase::Kind::kMarker && !markers.insert(words).second) continue;
    if (phrase.kind == Phrase::Kind::kFile && std::exchange(file, true)) continue;
    findings.Add("injection-phrase", phrase.certain ? Severity::kError : Severity::kWarning, place,
                 place.Words() + " " + std::string(phrase.does) + ": " + Quoted(words), kFix);
  }
  if (HoldsBlob(policy::FoldText(text))) {
    findings.Add("opaque-text", Severity::kWarning, place,
                 place.Words() + " holds a long run of letters that no person can read",
                 "decode it and see what it says");
  }
}

}  // namespace registry::lint
