#include "registry/search/tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "registry/search/letters.h"

namespace registry::search {
namespace {

constexpr std::size_t kMaxWordBytes = 64;

// What follows an apostrophe in English: it's, don't, we're.
bool IsTail(std::string_view word) {
  return word == "s" || word == "t" || word == "re" || word == "ve" || word == "ll" ||
         word == "d" || word == "m";
}

enum class PlainKind : unsigned char { kOther, kSeparator, kSmall, kCapital };

PlainKind Plain(char c) {
  static constexpr auto kKinds = [] {
    std::array<PlainKind, 256> kinds{};
    for (std::size_t i = 0; i < 0x80; ++i) kinds[i] = PlainKind::kSeparator;
    for (std::size_t i = '0'; i <= '9'; ++i) kinds[i] = PlainKind::kSmall;
    for (std::size_t i = 'a'; i <= 'z'; ++i) kinds[i] = PlainKind::kSmall;
    for (std::size_t i = 'A'; i <= 'Z'; ++i) kinds[i] = PlainKind::kCapital;
    return kinds;
  }();
  return kKinds[static_cast<unsigned char>(c)];
}

class Splitter {
 public:
  explicit Splitter(const std::function<void(std::string_view)>& take) : take_(take) {}

  void Feed(char32_t code_point) {
    Letter letter = Classify(code_point);
    if (letter.kind == LetterKind::kSeparator) {
      // it's, user's: the tail says nothing.
      if ((code_point == '\'' || code_point == 0x2019) && !word_.empty()) {
        EndWord();
        after_apostrophe_ = true;
        return;
      }
      End();
      return;
    }
    if (letter.kind == LetterKind::kIdeograph) {
      EndWord();
      FeedIdeograph(letter.folded);
      return;
    }
    EndIdeographs();
    if (letter.kind == LetterKind::kUpper && !word_.empty()) SplitAtUpper();
    if (letter.kind == LetterKind::kLower) SplitAcronym();
    last_letter_at_ = word_.size();
    if (word_.size() < kMaxWordBytes) AppendUtf8(word_, letter.folded);
    before_last_ = last_;
    last_ = letter.kind;
  }

  // Most of all text: words of small Latin letters and digits, the first perhaps a capital, and what
  // separates them. Takes what of it stands in front; nothing inside a word.
  void FeedPlain(std::string_view& text) {
    if (!word_.empty() || parts_ > 0 || ideographs_ > 0 || after_apostrophe_) return;
    while (!text.empty()) {
      const PlainKind first = Plain(text[0]);
      if (first == PlainKind::kSeparator) {
        text.remove_prefix(1);
        continue;
      }
      if (first == PlainKind::kOther) return;
      std::size_t size = 1;
      while (size < text.size() && Plain(text[size]) == PlainKind::kSmall) ++size;
      if (size > kMaxWordBytes) return;
      // An apostrophe, a capital or a letter of more bytes: it may not be the end of the word.
      if (size < text.size() &&
          (Plain(text[size]) != PlainKind::kSeparator || text[size] == '\'')) {
        return;
      }
      if (first == PlainKind::kCapital) {
        std::array<char, kMaxWordBytes> word{static_cast<char>(text[0] + 32)};
        std::copy_n(text.begin() + 1, size - 1, word.begin() + 1);
        take_({word.data(), size});
      } else {
        take_(text.substr(0, size));
      }
      text.remove_prefix(size);
    }
  }

  void Finish() { End(); }

 private:
  // getSum, S3Bucket: a capital after a small letter or a digit begins a word.
  void SplitAtUpper() {
    if (last_ == LetterKind::kLower || last_ == LetterKind::kDigit) EndPart();
  }

  // HTTPHeader: the last capital of a run belongs to the small letters behind it.
  void SplitAcronym() {
    if (last_ != LetterKind::kUpper || before_last_ != LetterKind::kUpper ||
        last_letter_at_ >= word_.size())
      return;
    std::string capital = word_.substr(last_letter_at_);
    word_.resize(last_letter_at_);
    EndPart();
    word_ = std::move(capital);
  }

  void FeedIdeograph(char32_t c) {
    if (ideographs_ > 0) {
      std::string pair;
      AppendUtf8(pair, previous_ideograph_);
      AppendUtf8(pair, c);
      take_(pair);
    }
    previous_ideograph_ = c;
    ++ideographs_;
  }

  void EndIdeographs() {
    if (ideographs_ == 1) {
      std::string single;
      AppendUtf8(single, previous_ideograph_);
      take_(single);
    }
    ideographs_ = 0;
  }

  // Where only the case changes, the parts and the whole are words: GitHub is `git`, `hub` and
  // `github`.
  void EndPart() {
    if (joined_.size() + word_.size() <= kMaxWordBytes) joined_ += word_;
    take_(word_);
    word_.clear();
    ++parts_;
    last_ = before_last_ = LetterKind::kSeparator;
  }

  void EndWord() {
    std::string whole;
    if (parts_ > 0 && joined_.size() + word_.size() <= kMaxWordBytes) whole = joined_ + word_;
    joined_.clear();
    parts_ = 0;
    if (!word_.empty() && !(after_apostrophe_ && IsTail(word_))) take_(word_);
    word_.clear();
    if (!whole.empty()) take_(whole);
    after_apostrophe_ = false;
    last_ = before_last_ = LetterKind::kSeparator;
  }

  void End() {
    EndWord();
    EndIdeographs();
  }

  const std::function<void(std::string_view)>& take_;
  std::string word_;
  std::size_t last_letter_at_ = 0;
  std::string joined_;
  int parts_ = 0;
  LetterKind last_ = LetterKind::kSeparator;
  LetterKind before_last_ = LetterKind::kSeparator;
  bool after_apostrophe_ = false;
  char32_t previous_ideograph_ = 0;
  int ideographs_ = 0;
};

}  // namespace

void ForEachWord(std::string_view text, const std::function<void(std::string_view)>& take) {
  Splitter splitter(take);
  for (splitter.FeedPlain(text); !text.empty(); splitter.FeedPlain(text))
    splitter.Feed(NextCodePoint(text));
  splitter.Finish();
}

std::vector<std::string> Tokenize(std::string_view text) {
  std::vector<std::string> words;
  ForEachWord(text, [&words](std::string_view word) { words.emplace_back(word); });
  return words;
}

std::vector<std::string> TokenizeQuery(std::string_view text) {
  std::vector<std::string> words = Tokenize(text);
  std::vector<std::string> kept;
  for (const std::string& word : words) {
    if (!IsStopWord(word)) kept.push_back(word);
  }
  return kept.empty() ? words : kept;
}

std::string Squeeze(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  while (!name.empty()) {
    if (const PlainKind kind = Plain(name[0]); kind != PlainKind::kOther) {
      if (kind != PlainKind::kSeparator)
        out += static_cast<char>(name[0] + (kind == PlainKind::kCapital ? 32 : 0));
      name.remove_prefix(1);
      continue;
    }
    Letter letter = Classify(NextCodePoint(name));
    if (letter.kind != LetterKind::kSeparator) AppendUtf8(out, letter.folded);
  }
  return out;
}

}  // namespace registry::search
