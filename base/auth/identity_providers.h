// IdentityProviders says whom a token of an identity provider proves: the providers that are believed, with their
// issuers' keys, and the tokens that were verified lately.
//
//   providers.Prepare(token, uses, [&] { ... providers.Verify(token, uses) ... });
//
// Any thread. Verify never waits: Prepare has fetched what a verdict needs, or tried to. A token that was seen
// before costs one look-up; it is verified anew every five minutes, so that a key which its issuer has withdrawn
// does not let it live on.
#pragma once

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
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

// What a token is asked for in one place: to be one provider's, on these terms. Views.
struct TokenUse {
  std::string_view provider;
  const TokenTerms* terms;
  // By which whoever is asked may be called in `aud` (TokenTerms::own).
  OwnNames own_names;
};

class IdentityProviders {
 public:
  // The loop and the client fetch keys, and outlive this.
  IdentityProviders(Loop& loop, http::Client& client, const Clock& clock,
                    std::chrono::milliseconds fetch_within = IssuerKeys::kFetchWithin);
  ~IdentityProviders();

  // Replaces the one of this name.
  void Put(ProviderSettings settings);
  void Remove(std::string_view name);
  bool Has(std::string_view name) const;
  // nullopt: there is none of this name.
  std::optional<std::string> IssuerOf(std::string_view name) const;

  // Three parts with dots between them.
  static bool LooksLikeJwt(std::string_view bearer);

  // The first of `uses` that a token fits decides; without any, the first provider of its issuer by name, on its own
  // terms. All that follow say so of the same `uses`.
  using Uses = std::span<const TokenUse>;

  // `then` runs once: at once, or on the loop when keys have been fetched, or could not be, after
  // `fetch_within` at most. It must not throw. For what is no token it runs at once.
  void Prepare(const TokenKey& token, Uses uses, std::function<void()> then);
  void Prepare(const TokenKey& token, std::function<void()> then) {
    Prepare(token, {}, std::move(then));
  }
  using Verdict = Result<std::shared_ptr<const Principal>>;
  // kUnauthenticated; the message begins with the reason: `TokenExpired: ...`.
  Verdict Verify(const TokenKey& token, Uses uses = {});
  // The same of a token that was verified lately, in less than a microsecond; nullopt: it must be prepared.
  std::optional<Verdict> VerifyAgain(const TokenKey& token, Uses uses);

  // On the loop: ends what is being fetched, and whoever waited for it goes on.
  void Stop();

 private:
  struct Entry {
    IdentityProvider provider;
    std::shared_ptr<IssuerKeys> keys;
    // A changed provider begins without any.
    std::unique_ptr<VerifiedTokens<ProvenToken>> verified;
  };
  struct Table {
    std::map<std::string, std::shared_ptr<const Entry>, std::less<>> entries;  // by name
  };
  // A provider that may decide, and on which terms.
  struct Candidate {
    const Entry* entry;
    const TokenTerms* terms;
    OwnNames own_names;
  };
  using Candidates = boost::container::small_vector<Candidate, 4>;
  static Candidates CandidatesOf(const Table& table, Uses uses);

  std::shared_ptr<const Table> table() const;
  // Under mutex_. Whoever waits for keys that nobody uses any more goes on.
  void Replace(std::string_view name, std::shared_ptr<const Entry> by);

  Loop& loop_;
  http::Client& client_;
  const Clock& clock_;
  const std::chrono::milliseconds fetch_within_;

  mutable std::mutex mutex_;
  // Under mutex_; replaced as a whole.
  std::shared_ptr<const Table> table_;
  bool stopped_ = false;
};

}  // namespace base::auth
