// An IdentityProvider judges the tokens of one issuer: who shows it, or why it proves nobody.
//
// No I/O: the keys are handed in. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/jwk.h"
#include "base/auth/jwt.h"
#include "base/auth/principal.h"
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

class IdentityProvider {
 public:
  explicit IdentityProvider(ProviderSettings settings);

  const ProviderSettings& settings() const { return settings_; }

  // What can be said without the keys, so that nothing is fetched for a token that none could save:
  // its algorithm and its claims. kUnauthenticated with the reason of policies.md, as below.
  Result<void> Precheck(const Jwt& jwt, std::int64_t now_unix_ms) const;
  // The whole verdict.
  Result<Principal> Verify(const Jwt& jwt, const KeySet& keys, std::int64_t now_unix_ms) const;
  // When a verified token stops to prove anything. REQUIRES: Precheck was content.
  std::int64_t ExpiryMs(const Jwt& jwt) const;

 private:
  const ProviderSettings settings_;
  const ClaimRules rules_;
};

}  // namespace base::auth
