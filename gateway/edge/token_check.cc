#include "gateway/edge/token_check.h"

#include <utility>

#include "gateway/edge/token_reason.h"

namespace gateway {

std::vector<base::auth::TokenUse> TokenCheck::UsesOf(const AuthenticateRule& rule) const {
  std::vector<base::auth::TokenUse> uses;
  uses.reserve(rule.tokens.size());
  for (const AuthenticateRule::JwtProof& proof : rule.tokens)
    uses.push_back({proof.provider, &proof.terms, own_names_});
  return uses;
}

TokenVerdict TokenCheck::Ask(const base::auth::TokenKey& token, std::size_t prepared) const {
  TokenVerdict verdict;
  std::size_t asked = 0;
  // nullopt: wait.
  const auto ask = [&](std::vector<base::auth::TokenUse> uses) {
    auto answer = providers_.VerifyAgain(token, uses);
    if (!answer && asked < prepared) answer = providers_.Verify(token, uses);
    ++asked;
    if (!answer) {
      verdict.kind = TokenVerdict::Kind::kWaits;
      verdict.uses = std::move(uses);
    }
    return answer;
  };

  for (const AuthenticateRule& rule : rules_.authenticate) {
    TokenReason why;
    if (rule.tokens.empty()) {
      why = {"KeyMissing", "An API key is needed here, not a token."};
    } else {
      const auto answer = ask(UsesOf(rule));
      if (!answer) return verdict;
      if (answer->has_value()) {
        verdict.principal = **answer;
        continue;
      }
      why = TokenReason::Of(answer->error().message);
    }
    if (rule.observe) {
      verdict.observed = &rule;
      verdict.observed_reason = why.reason;
      continue;
    }
    verdict.reason = why.reason;
    verdict.sentence = std::move(why.sentence);
    verdict.rule = &rule;
    return verdict;
  }

  if (!verdict.principal) {
    const auto answer = ask({});
    if (!answer) return verdict;
    if (answer->has_error()) {
      TokenReason why = TokenReason::Of(answer->error().message);
      verdict.reason = why.reason;
      verdict.sentence = std::move(why.sentence);
      return verdict;
    }
    verdict.principal = **answer;
  }
  verdict.kind = TokenVerdict::Kind::kProven;
  return verdict;
}

}  // namespace gateway
