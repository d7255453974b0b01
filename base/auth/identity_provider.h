// An IdentityProvider judges the tokens of one issuer: who shows it, or why it proves nobody.
//
// No I/O: the keys are handed in. Immutable; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/auth/jwk.h"
#include "base/auth/jwt.h"
#include "base/auth/principal.h"
#include "base/auth/token_terms.h"
#include "base/result.h"

namespace base::auth {

struct ProviderSettings {
  std::string name;  // what stands before the slash of a principal's id and groups
  std::string issuer;
  // Instead of discovery: where the keys are.
  std::string jwks_uri;
  std::vector<std::string> audiences;
  std::vector<Algorithm> algorithms = {Algorithm::kRs256, Algorithm::kEs256, Algorithm::kEdDsa};
  std::int64_t clock_skew_s = 60;
  std::string subject_claim = "sub";
  std::string groups_claim = "groups";
  std::string tenant_claim = "tid";
};

// A token whose signature was verified, and whom it proves. Whether it may be used somewhere is asked each time.
struct ProvenToken {
  Principal principal;
  // Without the signature and what it is of.
  Jwt jwt;
};

class IdentityProvider {
 public:
  explicit IdentityProvider(ProviderSettings settings) : settings_(std::move(settings)) {}

  const ProviderSettings& settings() const { return settings_; }

  // What can be said of a token without the keys, so that nothing is fetched for one that none could save: its
  // algorithm, issuer, audience and times. `own_names` are those of whoever is asked. kUnauthenticated with the
  // reason of policies.md, as below.
  Result<void> Precheck(const Jwt& jwt, const TokenTerms& terms, const OwnNames& own_names,
                        std::int64_t now_unix_ms) const;
  // The signature, and whom the token proves. REQUIRES: Precheck was content.
  Result<ProvenToken> Verify(Jwt jwt, const KeySet& keys) const;
  // Whether it may be used where these terms hold: as Precheck, and what it must claim besides.
  Result<void> Check(const ProvenToken& token, const TokenTerms& terms, const OwnNames& own_names,
                     std::int64_t now_unix_ms) const;

 private:
  const ProviderSettings settings_;
};

}  // namespace base::auth
