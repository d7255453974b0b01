#include "policy/detectors/phrases.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>

#include "policy/detectors/hidden_text.h"

namespace policy {
namespace {

// Shorter text says nothing to anybody.
constexpr std::size_t kLeastBytes = 8;
constexpr bool kCertain = true;
constexpr bool kPerhaps = false;

struct Step {
  // Alternatives, separated by spaces.
  std::string_view words;
  // Others that may stand before it.
  int others = 0;
};
struct Pattern {
  std::string_view does;
  bool certain;
  std::vector<Step> steps;
};

const std::vector<Pattern>& Patterns() {
  static const std::vector<Pattern> patterns = {
      {"tells the model to disregard what it was told",
       kCertain,
       {{"ignore disregard forget override bypass"},
        {"previous prior above earlier preceding all any other system existing your", 2},
        {"instructions instruction prompts prompt rules guidelines directives messages", 3}}},
      {"tells the model to hide something from the user",
       kCertain,
       {{"dont not never without"},
        {"tell telling inform informing mention mentioning notify notifying alert alerting reveal "
         "revealing show showing ask asking"},
        {"user users human humans person anyone anybody", 3}}},
      {"tells the model to hide something from the user",
       kCertain,
       {{"hide hidden conceal keep"}, {"from", 4}, {"user users human", 1}}},
      {"speaks to the model as the system would",
       kCertain,
       {{"you"}, {"are"}, {"now"}, {"a an in the", 0}}},
      {"speaks to the model as the system would",
       kCertain,
       {{"new updated real actual"}, {"system"}, {"instructions prompt rules"}}},
      {"speaks to the model as the system would",
       kCertain,
       {{"from"}, {"now"}, {"on"}, {"you"}, {"must will are should", 1}}},
      {"asks for the conversation or the model's instructions",
       kCertain,
       {{"send forward upload post pass include attach transmit exfiltrate leak copy"},
        {"conversation chat system previous", 4},
        {"history prompt messages instructions transcript", 2}}},
      {"asks for secrets",
       kCertain,
       {{"send forward upload post pass include attach transmit exfiltrate leak"},
        {"private secret ssh api access", 4},
        {"key keys token tokens credentials", 1}}},
      {"tells the model to use it before or instead of other tools",
       kPerhaps,
       {{"always must"},
        {"call use invoke prefer run", 1},
        {"this"},
        {"tool"},
        {"first before instead", 2}}},
      {"tells the model to use it before or instead of other tools",
       kPerhaps,
       {{"instead"}, {"of"}, {"any other all"}, {"other tool tools", 1}}},
      {"tells the model how to use other tools",
       kPerhaps,
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

// The words of a text, one after the other. A copy goes on by itself.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  bool Next() {
    while (end_ < text_.size() && !IsWordByte(text_[end_])) ++end_;
    begin_ = end_;
    while (end_ < text_.size() && IsWordByte(text_[end_])) ++end_;
    return end_ > begin_;
  }
  std::string_view word() const { return text_.substr(begin_, end_ - begin_); }
  TextRange range() const { return {begin_, end_}; }

 private:
  std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Calls `take` with each byte of the folded text, and where it stands in the text itself.
template <class Take>
void Fold(std::string_view text, Take take) {
  TextRanges hidden;
  FindHidden(text, hidden);
  auto next = hidden.begin();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (next != hidden.end() && i == next->begin) {
      i = next->end - 1;
      ++next;
      continue;
    }
    const char c = text[i];
    if (c == '\'') continue;
    if (c == '\xE2' && text.substr(i, 3) == "\xE2\x80\x99") {
      i += 2;
      continue;
    }
    take(i, Lower(c));
  }
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

// The patterns by the words that they may begin with.
class Beginnings {
 public:
  Beginnings() {
    for (const Pattern& pattern : Patterns()) {
      for (Words words(pattern.steps.front().words); words.Next();) {
        by_word_[words.word()].push_back(&pattern);
        lengths_[static_cast<unsigned char>(words.word().front())] |= BitOf(words.word());
      }
    }
  }

  // Null: none begins with it.
  const std::vector<const Pattern*>* Find(std::string_view word) const {
    // Nearly every word is another by its first letter and its length.
    if (!(lengths_[static_cast<unsigned char>(word.front())] & BitOf(word))) return nullptr;
    const auto found = by_word_.find(word);
    return found == by_word_.end() ? nullptr : &found->second;
  }

 private:
  static std::uint32_t BitOf(std::string_view word) {
    return 1U << std::min<std::size_t>(word.size(), 31);
  }

  std::unordered_map<std::string_view, std::vector<const Pattern*>> by_word_;
  std::array<std::uint32_t, 256> lengths_{};
};

// Whether the pattern stands where `words` has its first word; `words` is moved to its last one.
bool Follow(const Pattern& pattern, Words& words) {
  Words at = words;
  for (std::size_t step = 1; step < pattern.steps.size(); ++step) {
    int others = pattern.steps[step].others;
    do {
      if (!at.Next() || others-- < 0) return false;
    } while (!HasWord(pattern.steps[step].words, at.word()));
  }
  words = at;
  return true;
}

// Calls `take` with each phrase, until it says that this is enough. Ranges are of the folded text.
template <class Take>
bool VisitWords(std::string_view folded, Take take) {
  static const Beginnings beginnings;
  for (Words words(folded); words.Next();) {
    const auto* patterns = beginnings.Find(words.word());
    if (!patterns) continue;
    const std::size_t begin = words.range().begin;
    for (const Pattern* pattern : *patterns) {
      if (!Follow(*pattern, words)) continue;
      Phrase phrase;
      phrase.does = pattern->does;
      phrase.certain = pattern->certain;
      phrase.range = {begin, words.range().end};
      if (!take(phrase)) return false;
      break;
    }
  }
  return true;
}

constexpr auto kMayBegin = [] {
  std::array<bool, 256> may{};
  for (const std::string_view text : kMarkers) may[static_cast<unsigned char>(text.front())] = true;
  for (const std::string_view text : kSecretFiles)
    may[static_cast<unsigned char>(text.front())] = true;
  return may;
}();

template <class Take>
bool VisitMarks(std::string_view folded, Take take) {
  for (std::size_t i = 0; i < folded.size(); ++i) {
    if (!kMayBegin[static_cast<unsigned char>(folded[i])]) continue;
    const std::string_view rest = folded.substr(i);
    const auto begins = [rest](std::string_view text) { return rest.starts_with(text); };
    Phrase phrase;
    const auto* const marker = std::find_if(kMarkers.begin(), kMarkers.end(), begins);
    const auto* const file = std::find_if(kSecretFiles.begin(), kSecretFiles.end(), begins);
    if (marker != kMarkers.end()) {
      phrase.kind = Phrase::Kind::kMarker;
      phrase.does = "speaks to the model as the system would";
      phrase.range = {i, i + marker->size()};
    } else if (file != kSecretFiles.end()) {
      phrase.kind = Phrase::Kind::kFile;
      phrase.does = "tells the model to read other files";
      phrase.range = {i, i + file->size()};
    } else {
      continue;
    }
    if (!take(phrase)) return false;
    i = phrase.range.end - 1;
  }
  return true;
}

}  // namespace

std::string FoldText(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  Fold(text, [&](std::size_t, char c) { folded += c; });
  return folded;
}

std::vector<Phrase> FindPhrases(std::string_view text) {
  std::vector<Phrase> phrases;
  if (text.size() < kLeastBytes) return phrases;
  const std::string folded = FoldText(text);
  const auto take = [&](const Phrase& phrase) {
    phrases.push_back(phrase);
    return true;
  };
  VisitWords(folded, take);
  VisitMarks(folded, take);
  if (phrases.empty()) return phrases;
  std::vector<std::size_t> origins;
  origins.reserve(folded.size());
  Fold(text, [&](std::size_t origin, char) { origins.push_back(origin); });
  for (Phrase& phrase : phrases)
    phrase.range = {origins[phrase.range.begin], origins[phrase.range.end - 1] + 1};
  return phrases;
}

bool HasPhrase(std::string_view text) {
  if (text.size() < kLeastBytes) return false;
  const std::string folded = FoldText(text);
  const auto stop = [](const Phrase&) { return false; };
  return !VisitWords(folded, stop) || !VisitMarks(folded, stop);
}

}  // namespace policy
