// What a rule `upstream` says, in words.
#pragma once

#include <string>

namespace portolan::v1 {
class Upstream;
}

namespace cli {

// `connects within 2,000 ms; asks 2 times more on CONNECT; opens after 5 failures in 30 s, for 20 s`
std::string UpstreamText(const portolan::v1::Upstream& upstream);

}  // namespace cli
