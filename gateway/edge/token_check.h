// A TokenCheck says whom a token of an identity provider proves at one endpoint: by the terms of its `authenticate`
// rules, all of which must be content, or, where no rule asks for tokens, by the provider's own.
//
// Never waits. A token that was not seen lately needs its issuer's keys first, for one rule after the other:
//
//   check.Ask(0) -> kWaits -> Prepare(token, uses) -> check.Ask(1) -> kWaits -> ... -> kProven or kRefused
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/identity_providers.h"
#include "gateway/routing/gate_rules.h"

namespace gateway {

struct TokenVerdict {
  enum class Kind { kProven, kRefused, kWaits };
  Kind kind = Kind::kRefused;
  // kProven
  std::shared_ptr<const base::auth::Principal> principal;
  // kRefused: why, and by which rule (null: none)
  std::string_view reason;
  std::string sentence;
  const AuthenticateRule* rule = nullptr;
  // kWaits: what to prepare the token for.
  std::vector<base::auth::TokenUse> uses;
  // Would have refused it, but only observes; null: none.
  const AuthenticateRule* observed = nullptr;
  std::string_view observed_reason;
};

class TokenCheck {
 public:
  // All references, and what `own_names` look at, outlive it and the verdict.
  TokenCheck(base::auth::IdentityProviders& providers, const GateRules& rules,
             const base::auth::OwnNames& own_names)
      : providers_(providers), rules_(rules), own_names_(own_names) {}

  // `prepared`: for so many asks the token has been prepared.
  TokenVerdict Ask(const base::auth::TokenKey& token, std::size_t prepared) const;

 private:
  std::vector<base::auth::TokenUse> UsesOf(const AuthenticateRule& rule) const;

  base::auth::IdentityProviders& providers_;
  const GateRules& rules_;
  const base::auth::OwnNames own_names_;
};

}  // namespace gateway
