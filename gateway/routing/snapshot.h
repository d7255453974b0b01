// The Snapshot is the catalog as this gateway heard it: the last good revision of each resource,
// and what each server offers.
//
// A resource that this gateway cannot take is rejected for that revision only: the last good one
// stays, and the rejection is handed back to be reported. Entries are immutable and shared with the
// routes made from them, so "unchanged" is "the same pointer". One thread (the main one).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/routing/definitions.h"
#include "portolan/v1/access.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/policy.pb.h"
#include "portolan/v1/resource.pb.h"
#include "portolan/v1/server.pb.h"

namespace gateway {

template <class Spec>
struct Entry {
  std::string name;
  std::int64_t revision = 0;
  std::int64_t updated_at_ms = 0;
  Spec spec;
};
using ServerEntry = Entry<portolan::v1::Server>;
using PolicyEntry = Entry<portolan::v1::PolicySet>;
using ConsumerEntry = Entry<portolan::v1::Consumer>;
using ApiKeyEntry = Entry<portolan::v1::ApiKey>;
using ProductEntry = Entry<portolan::v1::Product>;
using SubscriptionEntry = Entry<portolan::v1::Subscription>;
using ProviderEntry = Entry<portolan::v1::IdentityProvider>;
using TokenEntry = Entry<portolan::v1::Token>;
using RoleBindingEntry = Entry<portolan::v1::RoleBinding>;
// With its secrets in clear: they are told by nobody who has one.
using CredentialEntry = Entry<portolan::v1::Credential>;

template <class Spec>
using Entries = std::map<std::string, std::shared_ptr<const Entry<Spec>>, std::less<>>;

class Snapshot {
 public:
  // Takes what it can; what it cannot is returned with the reason.
  std::vector<portolan::v1::Rejection> Apply(const portolan::v1::Changes& changes);
  void Apply(const portolan::v1::ServerDefinitions& definitions);

  // The catalog's revision this snapshot is true at.
  std::int64_t revision() const { return revision_; }
  // False before the first whole catalog.
  bool complete() const { return complete_; }

  // Parts of a whole catalog are still to come: what is here is neither the old one nor the new.
  bool replacing() const { return replacing_; }

  const Entries<portolan::v1::Server>& servers() const { return servers_; }
  const Entries<portolan::v1::PolicySet>& policies() const { return policies_; }
  const Entries<portolan::v1::Consumer>& consumers() const { return consumers_; }
  const Entries<portolan::v1::ApiKey>& api_keys() const { return api_keys_; }
  const Entries<portolan::v1::Product>& products() const { return products_; }
  const Entries<portolan::v1::Subscription>& subscriptions() const { return subscriptions_; }
  const Entries<portolan::v1::IdentityProvider>& providers() const { return providers_; }
  // Without their hashes: the registry alone is shown them.
  const Entries<portolan::v1::Token>& tokens() const { return tokens_; }
  const Entries<portolan::v1::RoleBinding>& role_bindings() const { return role_bindings_; }
  const Entries<portolan::v1::Credential>& credentials() const { return credentials_; }
  // Null when the server never listed any.
  std::shared_ptr<const DefinitionLists> definitions(const std::string& server) const;
  // Moves with every change of a consumer, a key, a subscription, a token, a role or a policy set.
  std::uint64_t callers_version() const { return callers_version_; }
  // Moves with every change of a product or a subscription.
  std::uint64_t entitlements_version() const { return entitlements_version_; }

 private:
  base::Result<void> Put(const portolan::v1::Resource& resource);
  void Remove(const std::string& kind, const std::string& name);
  void DropUnseen();

  Entries<portolan::v1::Server> servers_;
  Entries<portolan::v1::PolicySet> policies_;
  Entries<portolan::v1::Consumer> consumers_;
  Entries<portolan::v1::ApiKey> api_keys_;
  Entries<portolan::v1::Product> products_;
  Entries<portolan::v1::Subscription> subscriptions_;
  Entries<portolan::v1::IdentityProvider> providers_;
  Entries<portolan::v1::Token> tokens_;
  Entries<portolan::v1::RoleBinding> role_bindings_;
  Entries<portolan::v1::Credential> credentials_;
  std::map<std::string, std::shared_ptr<const DefinitionLists>, std::less<>> definitions_;

  std::int64_t revision_ = 0;
  std::uint64_t callers_version_ = 0;
  std::uint64_t entitlements_version_ = 0;
  bool complete_ = false;
  // While the parts of a whole catalog come: what they held.
  bool replacing_ = false;
  std::set<std::pair<std::string, std::string>> seen_;
};

}  // namespace gateway
