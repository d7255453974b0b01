// The Callers are the consumers of the catalog, their keys and subscriptions, the tokens of who works on it, and who
// has which role: who an API key proves, what a proof is worth now, and which product a call is made by.
//
// Immutable; made anew when one of them or a policy set changes, and shared by all workers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/auth/principal.h"
#include "base/result.h"
#include "gateway/routing/snapshot.h"
#include "policy/entitlement.h"
#include "policy/role_book.h"

namespace gateway {

// The policy sets that are attached to one product, or to one consumer.
struct ScopePolicy {
  std::string name;
  std::vector<std::shared_ptr<const PolicyEntry>> sets;

  friend bool operator==(const ScopePolicy&, const ScopePolicy&) = default;
};

// What governs a call besides the sets of its endpoint; each null where nothing is attached. The same
// pointers make the same chain.
struct CallerPolicy {
  std::shared_ptr<const ScopePolicy> product;
  std::shared_ptr<const ScopePolicy> consumer;

  explicit operator bool() const { return product || consumer; }
  friend bool operator==(const CallerPolicy&, const CallerPolicy&) = default;
};

struct Caller {
  base::auth::Principal principal;
  std::shared_ptr<const ScopePolicy> policy;  // null: no set is attached to the consumer
};

class Callers {
 public:
  // What is the same in `previous` (null: none) is taken over.
  explicit Callers(const Snapshot& snapshot, const Callers* previous = nullptr);

  // Who the key proves. kUnauthenticated: the message is a sentence, `reason` one of KeyInvalid,
  // KeyExpired, KeySuspended, KeyRevoked. Looked up by id, compared by hash in constant time. The key is in no
  // message.
  struct Refusal {
    std::string_view reason;
    std::string_view sentence;
  };
  boost::system::result<const Caller*, Refusal> Find(std::string_view key,
                                                     std::int64_t now_unix_ms) const;

  // What a proof of before is worth now: a call token says who somebody was when it was signed, a listener who it was
  // when it came. Refused when the key or token behind it is gone, revoked or (by `now_unix_ms`) expired. Null: nothing in
  // the catalog says otherwise. Else the consumer's caller as it is now.
  boost::system::result<const Caller*, Refusal> Recheck(const base::auth::Principal& proven,
                                                        std::int64_t now_unix_ms) const;

  // Whether a published product has the server.
  bool IsOffered(std::string_view server) const { return entitlements_->Offers(server); }
  // By which product and subscription that principal (with the roles it has) may call the server now.
  policy::Entitlement EntitlementOf(const base::auth::Principal& principal, std::string_view server,
                                    std::int64_t now_unix_ms) const;
  // Null: no set is attached to the product.
  std::shared_ptr<const ScopePolicy> PolicyOfProduct(std::string_view product) const;

  // Its roles in the catalog; none of them comes from a token.
  std::vector<base::auth::RoleGrant> RolesOf(const base::auth::Principal& principal) const;

  std::uint64_t version() const { return version_; }
  std::size_t keys() const { return keys_.size(); }

 private:
  struct Key {
    std::shared_ptr<const ApiKeyEntry> entry;
    std::shared_ptr<const Caller> caller;  // as proven by this key; null: its consumer is gone
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  static boost::system::result<const Caller*, Refusal> CheckKey(const Key& key,
                                                                std::int64_t now_unix_ms);

  template <class Value>
  using Names = std::map<std::string, Value, std::less<>>;
  using Policies = Names<std::shared_ptr<const ScopePolicy>>;
  static std::shared_ptr<const policy::Entitlements> EntitlementsOf(const Snapshot& snapshot,
                                                                    const Callers* previous);

  // Constant after construction
  const std::uint64_t version_;
  const std::uint64_t entitlements_version_;
  const std::shared_ptr<const policy::Entitlements> entitlements_;
  const Policies by_product_;
  const Policies by_consumer_;
  const Entries<portolan::v1::Token> tokens_;
  const Entries<portolan::v1::IdentityProvider> providers_;
  policy::RoleBook roles_;
  std::unordered_map<std::string, Key, Hash, std::equal_to<>> keys_;
};

[[noreturn]] void throw_exception_from_error(const Callers::Refusal& refusal,
                                             const boost::source_location&);

}  // namespace gateway
