// A passphrase from whoever runs a command: PORTOLAN_PASSPHRASE, else a question on the terminal, else the first line
// of stdin. Never from the command line, which others can read.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace base {

inline constexpr std::size_t kMinPassphraseBytes = 8;
inline constexpr std::size_t kMaxPassphraseBytes = 1024;

// kTwice: one that is new is asked for twice, so that no slip locks anybody out. kInvalidArgument: too short or too
// long, or not the same twice.
enum class Asked { kOnce, kTwice };
Result<std::string> ReadPassphrase(Asked asked);

// Whether it may be one.
Result<void> CheckPassphrase(const std::string& passphrase);

}  // namespace base
