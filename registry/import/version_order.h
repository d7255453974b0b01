// Which of two versions is the newer one.
#pragma once

#include <string_view>

namespace registry {

// Semantic versions by their precedence (semver.org, 11), anything else by its text and below every
// semantic one. Negative: a is older.
int CompareVersions(std::string_view a, std::string_view b);

}  // namespace registry
