// A rule that limits calls, in words.
#pragma once

#include <string>

namespace portolan::v1 {
class Rule;
}

namespace cli {

// `60 per 60 s`, `10,000 calls per month`, `8 at a time, waits 200 ms`: without its key. Empty: a rule
// of another kind.
std::string LimitText(const portolan::v1::Rule& rule);

}  // namespace cli
