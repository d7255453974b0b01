// A PlaceGuard says which of the places where a server runs may be asked now, and hears how each was
// asked: the breakers of a pool's members.
//
// Any thread. Terms refer to it (mcp/upstream_terms.h) from calls that may outlive the filters that
// made them, so it lives as long as the process.
#pragma once

#include <cstdint>
#include <string_view>

#include "mcp/record.h"

namespace mcp {

class PlaceGuard {
 public:
  virtual ~PlaceGuard() = default;

  virtual bool Refuses(std::string_view place) const = 0;

  struct Pass {
    bool admitted = true;
    std::int64_t retry_after_s = 0;  // of a refusal
    std::uint64_t epoch = 0;
  };
  virtual Pass Admit(std::string_view place) = 0;
  // Once for each that was admitted. Null: it was given up, or nothing was asked.
  virtual void Note(std::string_view place, const Pass& pass, const UpstreamAttempt* attempt) = 0;
};

}  // namespace mcp
