// Porter's suffix stripping (M. F. Porter, 1980): `connections`, `connected` and `connecting`
// become `connect`.
#pragma once

#include <string>
#include <string_view>

namespace registry::search {

// `word` is lower-case; one with anything but a-z in it, or of less than three letters, comes back
// as it is.
std::string Stem(std::string_view word);

}  // namespace registry::search
