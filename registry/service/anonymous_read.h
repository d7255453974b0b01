// From where callers that show no proof may read: `anonymous_read` of the settings.
#pragma once

namespace registry {

enum class AnonymousRead { kLoopback, kAnywhere, kNowhere };

// `local`: the caller is on this machine, and no proxy speaks for it.
inline bool MayReadAnonymously(AnonymousRead from, bool local) {
  return from == AnonymousRead::kAnywhere || (from == AnonymousRead::kLoopback && local);
}

}  // namespace registry
