#include "registry/search/porter.h"

#include <algorithm>
#include <span>

namespace registry::search {
namespace {

// A word is [C](VC)^m[V] in runs of consonants and vowels; m, the measure, is what the rules ask
// for.
class Word {
 public:
  explicit Word(std::string_view text) : text_(text) {}

  bool Ends(std::string_view suffix) const { return text_.ends_with(suffix); }
  void Cut(std::size_t letters) { text_.resize(text_.size() - letters); }
  void Add(std::string_view letters) { text_ += letters; }
  char last() const { return text_.back(); }
  std::size_t size() const { return text_.size(); }
  std::string Take() { return std::move(text_); }

  bool IsConsonant(std::size_t i) const {
    switch (text_[i]) {
      case 'a':
      case 'e':
      case 'i':
      case 'o':
      case 'u': return false;
      case 'y': return i == 0 || !IsConsonant(i - 1);
      default: return true;
    }
  }

  // m of the word without its last `without` letters.
  int Measure(std::size_t without) const {
    int measure = 0;
    bool after_vowel = false;
    for (std::size_t i = 0; i + without < text_.size(); ++i) {
      bool consonant = IsConsonant(i);
      if (consonant && after_vowel) ++measure;
      after_vowel = !consonant;
    }
    return measure;
  }

  bool HasVowel(std::size_t without) const {
    for (std::size_t i = 0; i + without < text_.size(); ++i) {
      if (!IsConsonant(i)) return true;
    }
    return false;
  }

  bool EndsDoubleConsonant() const {
    std::size_t n = text_.size();
    return n >= 2 && text_[n - 1] == text_[n - 2] && IsConsonant(n - 1);
  }

  // Consonant, vowel, consonant other than w, x, y: `hop`, `fil`.
  bool EndsShort(std::size_t without) const {
    if (text_.size() < without + 3) return false;
    std::size_t n = text_.size() - without;
    char c = text_[n - 1];
    return IsConsonant(n - 3) && !IsConsonant(n - 2) && IsConsonant(n - 1) && c != 'w' &&
           c != 'x' && c != 'y';
  }

 private:
  std::string text_;
};

struct Rule {
  std::string_view suffix;
  std::string_view replacement;
};

// The first rule whose suffix is there decides, whether or not its condition holds.
void ApplyFirst(Word& word, std::span<const Rule> rules, int more_than) {
  for (const Rule& rule : rules) {
    if (!word.Ends(rule.suffix)) continue;
    if (word.Measure(rule.suffix.size()) > more_than) {
      word.Cut(rule.suffix.size());
      word.Add(rule.replacement);
    }
    return;
  }
}

void Plurals(Word& word) {
  if (word.Ends("sses") || word.Ends("ies")) {
    word.Cut(2);
  } else if (word.Ends("s") && !word.Ends("ss")) {
    word.Cut(1);
  }
}

void PastAndGerund(Word& word) {
  if (word.Ends("eed")) {
    if (word.Measure(3) > 0) word.Cut(1);
    return;
  }
  if (word.Ends("ed") && word.HasVowel(2)) {
    word.Cut(2);
  } else if (word.Ends("ing") && word.HasVowel(3)) {
    word.Cut(3);
  } else {
    return;
  }
  if (word.Ends("at") || word.Ends("bl") || word.Ends("iz")) {
    word.Add("e");
  } else if (word.EndsDoubleConsonant() && word.last() != 'l' && word.last() != 's' &&
             word.last() != 'z') {
    word.Cut(1);
  } else if (word.Measure(0) == 1 && word.EndsShort(0)) {
    word.Add("e");
  }
}

void FinalY(Word& word) {
  if (word.Ends("y") && word.HasVowel(1)) {
    word.Cut(1);
    word.Add("i");
  }
}

// Longer suffixes stand before the shorter ones they end in.
constexpr Rule kDoubleSuffixes[] = {
    {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
    {"abli", "able"},   {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
    {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
    {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
};
constexpr Rule kSingleSuffixes[] = {
    {"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
    {"ical", "ic"},  {"ful", ""},   {"ness", ""},
};
constexpr std::string_view kRests[] = {
    "al",   "ance", "ence", "er",  "ic",  "able", "ible", "ant", "ement",
    "ment", "ent",  "ou",   "ism", "ate", "iti",  "ous",  "ive", "ize",
};

void Rests(Word& word) {
  if (word.Ends("sion") || word.Ends("tion")) {
    if (word.Measure(3) > 1) word.Cut(3);
    return;
  }
  for (std::string_view rest : kRests) {
    if (!word.Ends(rest)) continue;
    if (word.Measure(rest.size()) > 1) word.Cut(rest.size());
    return;
  }
}

void FinalE(Word& word) {
  if (word.Ends("e")) {
    int measure = word.Measure(1);
    if (measure > 1 || (measure == 1 && !word.EndsShort(1))) word.Cut(1);
  }
  if (word.last() == 'l' && word.EndsDoubleConsonant() && word.Measure(0) > 1) word.Cut(1);
}

}  // namespace

std::string Stem(std::string_view text) {
  bool letters = std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (text.size() < 3 || !letters) return std::string(text);
  Word word(text);
  Plurals(word);
  PastAndGerund(word);
  FinalY(word);
  ApplyFirst(word, kDoubleSuffixes, 0);
  ApplyFirst(word, kSingleSuffixes, 0);
  Rests(word);
  FinalE(word);
  return word.Take();
}

}  // namespace registry::search
