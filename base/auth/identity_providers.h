// IdentityProviders says whom a token of an identity provider proves: the providers that are believed, with their
// issuers' keys, and the tokens that were verified lately.
//
//   providers.Prepare(token, [&] { ... providers.Verify(token) ... });
//
// Any thread. Verify never waits: Prepare has fetched what a verdict needs, or tried to. A token that was seen
// before costs one look-up; it is verified anew every five minutes, so that a key which its issuer has withdrawn
// does not let it live on.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/auth/identity_provider.h"
#include "base/auth/issuer_keys.h"
#include "base/auth/principal.h"
#include "base/auth/verified_tokens.h"
#include "base/clock.h"
#include "base/http/client.h"
#include "base/loop.h"
#include "base/result.h"

namespace base::auth {

class IdentityProviders {
 public:
  // The loop and the client fetch keys, and outlive this.
  IdentityProviders(Loop& loop, http::Client& client, const Clock& clock);
  ~IdentityProviders();

  // Replaces the one of this name.
  void Put(ProviderSettings settings);
  void Remove(std::string_view name);
  bool Has(std::string_view name) const;

  // Three parts with dots between them.
  static bool LooksLikeJwt(std::string_view bearer);

  // `then` runs once: at once, or on the loop when keys have been fetched, or could not be, after
  // IssuerKeys::kFetchWithin at most. It must not throw. For what is no token it runs at once.
  void Prepare(std::string_view token, std::function<void()> then);
  using Verdict = Result<std::shared_ptr<const Principal>>;
  // kUnauthenticated; the message begins with the reason: `TokenExpired: ...`.
  Verdict Verify(std::string_view token);

  // On the loop: ends what is being fetched, and whoever waited for it goes on.
  void Stop();

 private:
  struct Entry {
    IdentityProvider provider;
    std::shared_ptr<IssuerKeys> keys;
  };
  struct Table {
    std::map<std::string, std::shared_ptr<const Entry>, std::less<>> entries;  // by name
    const std::unique_ptr<VerifiedTokens> verified = std::make_unique<VerifiedTokens>();
  };
  std::shared_ptr<const Table> table() const;
  // Under mutex_. Whoever waits for keys that nobody uses any more goes on.
  void Replace(std::string_view name, std::shared_ptr<const Entry> by);

  Loop& loop_;
  http::Client& client_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  // Under mutex_; replaced as a whole, with the tokens that were verified by it.
  std::shared_ptr<const Table> table_;
  bool stopped_ = false;
};

}  // namespace base::auth
