// What is wrong with a text that models read: what is hidden in it, and what speaks to the model. What
// these find is found in traffic too, by rules `inspect` (policy/detectors).
#pragma once

#include <string_view>

#include "registry/lint/findings.h"

namespace registry::lint {

void CheckHidden(std::string_view text, const Place& place, Findings& findings);
// Sentences, and runs of letters that no person can read.
void CheckPhrases(std::string_view text, const Place& place, Findings& findings);

}  // namespace registry::lint
