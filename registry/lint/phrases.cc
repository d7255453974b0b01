#include "registry/lint/phrases.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/lint/hidden_text.h"

namespace registry::lint {
namespace {

// Shorter text says nothing to anybody.
constexpr std::size_t kLeastBytes = 8;
constexpr std::size_t kLeastBlob = 160;

struct Step {
  // Alternatives, separated by spaces.
  std::string_view words;
  // Others that may stand before it.
  int others = 0;
};
struct Pattern {
  std::string_view does;  // `tells the model to ...`
  Severity severity;
  std::vector<Step> steps;
};

const std::vector<Pattern>& Patterns() {
  static const std::vector<Pattern> patterns = {
      {"tells the model to disregard what it was told",
       Severity::kError,
       {{"ignore disregard forget override bypass"},
        {"previous prior above earlier preceding all any other system existing your", 2},
        {"instructions instruction prompts prompt rules guidelines directives messages", 3}}},
      {"tells the model to hide something from the user",
       Severity::kError,
       {{"dont not never without"},
        {"tell telling inform informing mention mentioning notify notifying alert alerting reveal "
         "revealing show showing ask asking"},
        {"user users human humans person anyone anybody", 3}}},
      {"tells the model to hide something from the user",
       Severity::kError,
       {{"hide hidden conceal keep"}, {"from", 4}, {"user users human", 1}}},
      {"speaks to the model as the system would",
       Severity::kError,
       {{"you"}, {"are"}, {"now"}, {"a an in the", 0}}},
      {"speaks to the model as the system would",
       Severity::kError,
       {{"new updated real actual"}, {"system"}, {"instructions prompt rules"}}},
      {"speaks to the model as the system would",
       Severity::kError,
       {{"from"}, {"now"}, {"on"}, {"you"}, {"must will are should", 1}}},
      {"asks for the conversation or the model's instructions",
       Severity::kError,
       {{"send forward upload post pass include attach transmit exfiltrate leak copy"},
        {"conversation chat system previous", 4},
        {"history prompt messages instructions transcript", 2}}},
      {"asks for secrets",
       Severity::kError,
       {{"send forward upload post pass include attach transmit exfiltrate leak"},
        {"private secret ssh api access", 4},
        {"key keys token tokens credentials", 1}}},
      {"tells the model to use it before or instead of other tools",
       Severity::kWarning,
       {{"always must"},
        {"call use invoke prefer run", 1},
        {"this"},
        {"tool"},
        {"first before instead", 2}}},
      {"tells the model to use it before or instead of other tools",
       Severity::kWarning,
       {{"instead"}, {"of"}, {"any other all"}, {"other tool tools", 1}}},
      {"tells the model how to use other tools",
       Severity::kWarning,
       {{"before when whenever after"},
        {"calling using invoking"},
        {"any other all every"},
        {"tool tools function functions", 2}}},
  };
  return patterns;
}

// In lower case. Whoever writes these in a definition wants more than to describe it.
constexpr std::array<std::string_view, 10> kMarkers = {
    "<important>",  "</important>", "<system>", "</system>", "<secret>",
    "<|im_start|>", "<|system|>",   "[inst]",   "<<sys>>",   "### instruction"};

constexpr std::array<std::string_view, 14> kSecretFiles = {
    "~/.ssh",   ".ssh/",    "id_rsa", "id_ed25519",   "/etc/passwd", "/etc/shadow",
    ".aws/",    ".netrc",   ".npmrc", ".kube/config", ".gnupg",      ".cursor/mcp.json",
    "mcp.json", ".env file"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && IsWordByte(text[i])) continue;
    if (i > begin) words.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return words;
}

// Lower case, nothing hidden, `don't` as `dont`.
std::string Fold(std::string_view text) {
  std::string folded = WithoutHidden(text);
  std::transform(folded.begin(), folded.end(), folded.begin(), Lower);
  std::erase(folded, '\'');
  for (std::size_t at = folded.find("\xE2\x80\x99"); at != std::string::npos;
       at = folded.find("\xE2\x80\x99", at)) {
    folded.erase(at, 3);
  }
  return folded;
}

bool HasWord(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos;
       at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' '))
      return true;
  }
  return false;
}

const std::unordered_map<std::string_view, std::vector<const Pattern*>>& ByFirstWord() {
  static const auto table = [] {
    std::unordered_map<std::string_view, std::vector<const Pattern*>> by_word;
    for (const Pattern& pattern : Patterns()) {
      for (const std::string_view word : Split(pattern.steps.front().words))
        by_word[word].push_back(&pattern);
    }
    return by_word;
  }();
  return table;
}

// Where the pattern that begins at `at` ends; 0: it is not there.
std::size_t EndOf(const Pattern& pattern, const std::vector<std::string_view>& words,
                  std::size_t at) {
  for (std::size_t step = 1; step < pattern.steps.size(); ++step) {
    const std::size_t last = at + 1 + static_cast<std::size_t>(pattern.steps[step].others);
    do {
      if (++at >= words.size() || at > last) return 0;
    } while (!HasWord(pattern.steps[step].words, words[at]));
  }
  return at + 1;
}

std::string Quoted(std::string_view text) {
  constexpr std::size_t kMost = 80;
  return "'" + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "…'" : "'");
}

constexpr const char* kFix = "read it as the model will; have it removed, or reject the server";

void CheckWords(const std::string& folded, const Place& place, Findings& findings) {
  const std::vector<std::string_view> words = Split(folded);
  const auto& by_first = ByFirstWord();
  for (std::size_t at = 0; at < words.size(); ++at) {
    const auto candidates = by_first.find(words[at]);
    if (candidates == by_first.end()) continue;
    for (const Pattern* pattern : candidates->second) {
      const std::size_t end = EndOf(*pattern, words, at);
      if (end == 0) continue;
      const char* begin = words[at].data();
      const std::string_view found(
          begin, static_cast<std::size_t>(words[end - 1].data() + words[end - 1].size() - begin));
      findings.Add("injection-phrase", pattern->severity, place,
                   place.Words() + " " + std::string(pattern->does) + ": " + Quoted(found), kFix);
      at = end - 1;
      break;
    }
  }
}

}  // namespace

void CheckPhrases(std::string_view text, const Place& place, Findings& findings) {
  if (text.size() < kLeastBytes) return;
  const std::string folded = Fold(text);
  CheckWords(folded, place, findings);
  for (const std::string_view marker : kMarkers) {
    if (folded.find(marker) == std::string::npos) continue;
    findings.Add("injection-phrase", Severity::kError, place,
                 place.Words() + " speaks to the model as the system would: " + Quoted(marker),
                 kFix);
  }
  for (const std::string_view file : kSecretFiles) {
    if (folded.find(file) == std::string::npos) continue;
    findings.Add("injection-phrase", Severity::kError, place,
                 place.Words() + " tells the model to read other files: " + Quoted(file), kFix);
    break;
  }
  std::size_t run = 0;
  for (const char c : folded) {
    const bool code = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
                      c == '=' || c == '_' || c == '-';
    run = code ? run + 1 : 0;
    if (run < kLeastBlob) continue;
    findings.Add("opaque-text", Severity::kWarning, place,
                 place.Words() + " holds a long run of letters that no person can read",
                 "decode it and see what it says");
    break;
  }
}

}  // namespace registry::lint
