// A Jwks is what is known of one issuer's keys, and when it is time to look again. No I/O, no threads and no
// clock of its own: whoever fetches (issuer_keys.h) asks it and tells it.
//
//            Wants(kid)                     Settle(keys)
//   unknown ------------> being fetched ------------------> known --- an hour, or a kid it does not know ---+
//      ^                      |     ^                                                                        |
//      +-- Settle(error) -----+     +------------------------------------------------------------------------+
//
// A token that names an unknown key is a reason to look again at once, but at most every five minutes, so that
// strangers cannot make us knock at the issuer's door. When the keys cannot be fetched the last good ones count
// for a day; then nobody is let in by them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/auth/jwk.h"
#include "base/clock.h"
#include "base/http/client.h"
#include "base/result.h"

namespace base::auth {

struct KeySource {
  std::string issuer;
  // Instead of discovery.
  std::string jwks_uri;

  bool operator==(const KeySource&) const = default;
};

class Jwks {
 public:
  using Keys = std::shared_ptr<const KeySet>;

  // Whether to fetch for a token that names `key_id` (empty: none). After true, Settle() must follow;
  // until then it is false.
  bool Wants(std::string_view key_id, TimePoint now);
  void Settle(Result<KeySet> fetched, TimePoint now);
  bool being_fetched() const { return being_fetched_; }
  // Whether there is a key to verify such a token with.
  bool Knows(std::string_view key_id, TimePoint now) const;
  // kUnauthenticated, KeySetUnavailable: there are none.
  Result<Keys> Current(TimePoint now) const;

  static constexpr std::chrono::hours kFresh{1};
  static constexpr std::chrono::hours kStale{24};
  static constexpr std::chrono::minutes kBetweenUnknown{5};
  static constexpr std::chrono::seconds kBetweenFailures{10};

 private:
  bool IsTime(std::string_view key_id, TimePoint now) const;

  Keys keys_;
  std::string failure_;
  TimePoint fetched_at_;
  std::optional<TimePoint> failed_at_;
  std::optional<TimePoint> sought_unknown_at_;
  bool being_fetched_ = false;
};

// Where keys may come from: https, except from an address of this machine. kInvalidArgument.
Result<http::Url> KeyUrl(std::string_view text);
// OpenID Connect Discovery 1.0, 4: where an issuer describes itself.
std::string DiscoveryUrl(std::string_view issuer);
// Where its description says that the keys are. The document must be the issuer's own, and an address (not a
// name) in it counts only when it is the issuer's: documents lead nobody into our network.
Result<http::Url> ReadDiscovery(std::string_view document, std::string_view issuer);

}  // namespace base::auth
