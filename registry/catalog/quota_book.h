// The QuotaBook keeps what of each quota was given to gateways, so that all of them together never
// admit more than there is.
//
//   sum of a window   = what is given away: spent, held by a run of a gateway, or lost with one
//   lease of a run    = what it was given in all, and what of that it has spent
//   left              = the quota - the sum
//
// Every number of a request is a total, and requests of a run are numbered: what comes twice or late
// changes nothing. What a run held that ended without giving it back is lost to the window: at most
// one slice of each key.
//
// Any thread; calls block (SQLite).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "portolan/v1/fleet_service.pb.h"

namespace registry {

namespace v1 = portolan::v1;

class Store;

class QuotaBook {
 public:
  static constexpr std::int64_t kMaxKeys = 100'000;

  QuotaBook(Store& store, const base::Clock& clock, std::int64_t max_keys = kMaxKeys)
      : store_(store), clock_(clock), max_keys_(max_keys) {}

  // In one transaction. kInvalidArgument names the field; kFailedPrecondition: another run of this
  // gateway has begun since.
  base::Result<v1::LeaseQuotasResponse> Lease(const std::string& gateway,
                                              const v1::LeaseQuotasRequest& request);

 private:
  class Booking;

  // Constant after construction
  Store& store_;
  const base::Clock& clock_;
  const std::int64_t max_keys_;

  // Used within transactions only, which run one at a time
  std::map<std::string, std::int64_t> keys_;  // of a rule
  std::int64_t next_tidy_ms_ = 0;
};

}  // namespace registry
