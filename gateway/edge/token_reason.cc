#include "gateway/edge/token_reason.h"

#include <algorithm>
#include <array>

namespace gateway {

TokenReason TokenReason::Of(std::string_view message) {
  constexpr std::array<std::string_view, 11> kReasons = {
      "TokenMalformed",    "TokenSignatureInvalid", "TokenAlgorithmNotAllowed",
      "TokenKeyUnknown",   "TokenExpired",          "TokenNotYetValid",
      "TokenClaimMissing", "TokenIssuerNotAllowed", "TokenAudienceNotAllowed",
      "KeySetUnavailable", "ScopeMissing"};
  const std::size_t colon = std::min(message.find(':'), message.size());
  const auto reason = std::find(kReasons.begin(), kReasons.end(), message.substr(0, colon));
  if (reason == kReasons.end()) return {kReasons.front(), "The bearer token is not valid."};
  // What is known of an issuer that cannot be reached is for the log.
  if (*reason == "KeySetUnavailable")
    return {*reason, "The keys of the token's issuer cannot be had just now. Try again shortly."};
  std::string sentence(message.substr(std::min(colon + 2, message.size())));
  if (!sentence.empty() && sentence.front() >= 'a' && sentence.front() <= 'z')
    sentence.front() = static_cast<char>(sentence.front() - 'a' + 'A');
  if (!sentence.ends_with('.')) sentence += '.';
  return {*reason, std::move(sentence)};
}

}  // namespace gateway
