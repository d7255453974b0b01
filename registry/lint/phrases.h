// Sentences that speak to the model instead of describing the definition.
//
// A pattern is a few words, each one of several, with at most so many others between them; capitals,
// white space, punctuation and hidden characters make no difference. The patterns are few and listed
// in docs/lint.md: this finds the careless, and shows the rest to a person when it changes.
//
// Linear in the text: from each word that begins a pattern a bounded number of words is looked at.
#pragma once

#include <string_view>

#include "registry/lint/findings.h"

namespace registry::lint {

void CheckPhrases(std::string_view text, const Place& place, Findings& findings);

}  // namespace registry::lint
