// GivenRoles remembers proven principals with the roles that they have in the catalog, so that a client whose
// token is known pays for them once.
//
// Belongs to one worker. Bounded, and forgets everything when callers change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/auth/principal.h"
#include "gateway/routing/callers.h"

namespace gateway {

class GivenRoles {
 public:
  using Principal = std::shared_ptr<const base::auth::Principal>;

  Principal With(const Principal& proven, const Callers& callers);

 private:
  static constexpr std::size_t kMax = 1'000;
  struct Entry {
    Principal proven;  // held, so that its address stays its own
    Principal with_roles;
  };

  std::uint64_t version_ = 0;  // of the callers
  std::unordered_map<const base::auth::Principal*, Entry> known_;
};

}  // namespace gateway
