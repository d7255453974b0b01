// Sentences that speak to the model instead of saying something about the world.
//
// A pattern is a few words, each one of several, with at most so many others between them; capitals,
// white space, punctuation and hidden characters make no difference. The patterns are few and listed
// in docs/lint.md: this finds the careless, and shows the rest to a person when it changes.
//
// Linear in the text: from each word that begins a pattern a bounded number of words is looked at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/detectors/text_range.h"

namespace policy {

struct Phrase {
  enum class Kind {
    kWords,
    kMarker,  // of the places where a model is told who speaks: `<system>`
    kFile,    // where secrets are kept: `~/.ssh`
  };
  Kind kind = Kind::kWords;
  std::string_view does;  // `tells the model to ...`
  // False: it may be meant well.
  bool certain = true;
  TextRange range;
};

// In the order of their kinds, and of each kind in that of the text. Shorter text than eight bytes
// has none.
std::vector<Phrase> FindPhrases(std::string_view text);
// Whether there is one.
bool HasPhrase(std::string_view text);
// A text as it is compared: in lower case, without what is hidden and without apostrophes.
std::string FoldText(std::string_view text);

}  // namespace policy
