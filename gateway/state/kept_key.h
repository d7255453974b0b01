// A KeptKey is a rule's key as counters keep it: as it is, or, when it is long, as its hash, so that a
// long client name costs no memory.
#pragma once

#include <string>
#include <string_view>

#include "base/auth/api_key.h"

namespace gateway::state {

class KeptKey {
 public:
  static constexpr std::size_t kMaxBytes = 96;

  KeptKey() = default;
  // `key` outlives this.
  explicit KeptKey(std::string_view key) : text_(key) {
    if (key.size() > kMaxBytes) hashed_ = base::auth::Sha256(key);
  }

  std::string_view text() const { return hashed_.empty() ? text_ : hashed_; }

 private:
  std::string_view text_;
  std::string hashed_;
};

}  // namespace gateway::state
