// What strangers and their issuers send: a token, and behind a line end a key set.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/auth/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using base::auth::Algorithm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const auto jwt = base::auth::ReadJwt(text.substr(0, line));
  const auto keys =
      base::auth::ReadKeySet(line == text.npos ? std::string_view() : text.substr(line + 1));
  if (jwt.has_error()) return 0;
  const std::string audiences[] = {"a"};
  base::auth::ClaimRules rules;
  rules.issuer = "i";
  rules.audiences = audiences;
  const auto claims = CheckClaims(*jwt, rules, 1'700'000'000'000);
  static_cast<void>(claims);
  if (keys.has_error()) return 0;
  const Algorithm allowed[] = {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kRs256};
  const auto verified = VerifySignature(*jwt, *keys, allowed);
  static_cast<void>(verified);
  return 0;
}
