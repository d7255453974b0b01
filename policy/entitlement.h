// Entitlements say which subscription lets a caller call a server: one rule for the gateways' gate
// and for Explain.
//
//   the server is in no published product              free: no subscription is needed
//   a subscription of the caller to one of them is
//   in force                                           subscribed: by the oldest of them
//   one of them is open                                open: that product's rules hold
//   a subscription is suspended                        SubscriptionSuspended
//   else                                               SubscriptionMissing
//
// A key of a subscription stands for that one alone. Immutable once filled; may be shared between
// threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "portolan/v1/access.pb.h"

namespace policy {

// As principals are called: `consumer/alice`, `entra/0a1b`.
std::string SubscriberOf(const portolan::v1::Subscription& subscription);
// Ended by somebody or by its day: whoever had it may subscribe again.
bool IsOver(const portolan::v1::Subscription& subscription, std::int64_t now_unix_ms);

// Who wants to call.
struct Subscriber {
  std::string_view principal;
  // Of the key that was shown; empty: whichever has the server.
  std::string_view subscription = {};
  // Only by this product; empty: by whichever has the server.
  std::string_view product = {};
  // Administers the server: is let through without a subscription.
  bool administers = false;
};

// Views into the Entitlements.
struct Entitlement {
  enum class Verdict { kFree, kSubscribed, kOpen, kSuspended, kMissing };
  Verdict verdict = Verdict::kFree;
  // Resource names; empty: none.
  std::string_view product = {};
  std::string_view subscription = {};

  bool permitted() const { return verdict < Verdict::kSuspended; }
  // `SubscriptionSuspended`, `SubscriptionMissing`. REQUIRES: not permitted.
  std::string_view reason() const;
  // A sentence for the caller. It names no product but one that the caller has subscribed to.
  std::string Sentence(std::string_view server) const;
};

class Entitlements {
 public:
  // Drafts have no effect.
  void Add(const std::string& name, const portolan::v1::Product& product);
  void Add(const std::string& name, const portolan::v1::Subscription& subscription);

  // Whether any published product has the server.
  bool Offers(std::string_view server) const { return offers_.find(server) != offers_.end(); }
  Entitlement Of(std::string_view server, const Subscriber& who, std::int64_t now_unix_ms) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class Value>
  using Table = std::unordered_map<std::string, std::vector<Value>, Hash, std::equal_to<>>;

  struct Offer {
    std::string product;
    bool open = false;
  };
  struct Held {
    std::string name;
    std::string product;
    bool suspended = false;
    std::int64_t started_at_ms = 0;
    std::int64_t expires_at_ms = 0;

    bool InTime(std::int64_t now_unix_ms) const {
      return expires_at_ms == 0 || now_unix_ms < expires_at_ms;
    }
  };

  Table<Offer> offers_;  // by server; by name of the product
  Table<Held> held_;     // by subscriber; the oldest first
};

}  // namespace policy
