// TokenTerms say what is asked of a token where it is shown, in place of what its provider asks: for whom it must be
// made, by which clock, and what it must claim besides.
//
// Values; no I/O. The order of the checks is that of the reasons: algorithm, issuer, audience, times, claims, scopes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/auth/jwk.h"
#include "base/auth/jwt.h"
#include "base/result.h"

namespace base::auth {

struct ClaimDemand {
  std::string name;
  // Empty: the claim must be there. Else one of them is among its entries, or all.
  std::vector<std::string> values;
  bool all = false;
  // Cuts a claim that is one text into entries; empty: it is one.
  std::string separator;
};

struct TokenTerms {
  // One of them must be in `aud`. Empty, and not `own`: those of the provider.
  std::vector<std::string> audiences;
  // Whoever is asked counts as an audience, by each of its names (TokenUse).
  bool own = false;
  std::optional<std::int64_t> clock_skew_s;
  // Of the provider's only these; empty: all of them.
  std::vector<Algorithm> algorithms;
  std::vector<ClaimDemand> claims;
  // All of them must stand in `scope` or `scp`.
  std::vector<std::string> scopes;
};

// TokenClaimMissing.
Result<void> CheckDemands(const Jwt& jwt, std::span<const ClaimDemand> demands);
// ScopeMissing: another token of the same person would do.
Result<void> CheckScopes(const Jwt& jwt, std::span<const std::string> scopes);

}  // namespace base::auth
