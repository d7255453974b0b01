#include "policy/jwt_proof.h"

#include <algorithm>
#include <string_view>

namespace policy {

namespace v1 = portolan::v1;

namespace {

constexpr int kMaxAudiences = 32;
constexpr int kMaxAlgorithms = 9;
constexpr int kMaxClaims = 16;
constexpr int kMaxValues = 64;
constexpr int kMaxScopes = 32;
constexpr int kMaxSkewS = 600;
constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxAudienceBytes = 2048;
constexpr std::size_t kMaxSeparatorBytes = 8;

base::Error Bad(const std::string& pointer, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument, pointer + ": " + what);
}

template <class List>
base::Result<void> CheckTexts(const List& texts, int max_count, std::size_t max_bytes,
                              const std::string& pointer) {
  if (texts.size() > max_count)
    return Bad(pointer, "more than " + std::to_string(max_count) + " entries");
  for (int i = 0; i < texts.size(); ++i) {
    const std::string at = pointer + "/" + std::to_string(i);
    if (texts[i].empty()) return Bad(at, "must not be empty");
    if (texts[i].size() > max_bytes)
      return Bad(at, "longer than " + std::to_string(max_bytes) + " bytes");
  }
  return {};
}

base::Result<void> CheckDemand(const v1::ClaimDemand& demand, const std::string& pointer) {
  if (demand.name().empty() || demand.name().size() > kMaxNameBytes)
    return Bad(pointer + "/name", "must be a claim's name of at most 200 bytes");
  if (!v1::ClaimMatch::Value_IsValid(demand.match()))
    return Bad(pointer + "/match", "must be ANY or ALL");
  if (demand.separator().size() > kMaxSeparatorBytes)
    return Bad(pointer + "/separator", "longer than 8 bytes");
  return CheckTexts(demand.values(), kMaxValues, kMaxAudienceBytes, pointer + "/values");
}

// RFC 6749, 3.3: it stands between quotes in a challenge.
bool IsScope(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

base::Result<void> CheckJwtProof(const v1::JwtProof& proof, const std::string& pointer) {
  if (proof.provider().empty() || proof.provider().size() > kMaxNameBytes)
    return Bad(pointer + "/provider", "must be an IdentityProvider's name");
  if (auto ok =
          CheckTexts(proof.audiences(), kMaxAudiences, kMaxAudienceBytes, pointer + "/audiences");
      !ok)
    return ok;
  if (proof.clock_skew_s() < 0 || proof.clock_skew_s() > kMaxSkewS)
    return Bad(pointer + "/clock_skew_s", "must be from 0 to 600");
  if (proof.algorithms_size() > kMaxAlgorithms)
    return Bad(pointer + "/algorithms", "names one twice");
  for (int i = 0; i < proof.algorithms_size(); ++i) {
    if (base::auth::AlgorithmNamed(proof.algorithms(i))) continue;
    return Bad(pointer + "/algorithms/" + std::to_string(i),
               "must be RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA");
  }
  if (proof.claims_size() > kMaxClaims) return Bad(pointer + "/claims", "more than 16 entries");
  for (int i = 0; i < proof.claims_size(); ++i) {
    const std::string at = pointer + "/claims/" + std::to_string(i);
    if (auto ok = CheckDemand(proof.claims(i), at); !ok) return ok;
  }
  const std::string scopes = pointer + "/scopes";
  if (auto ok = CheckTexts(proof.scopes(), kMaxScopes, kMaxNameBytes, scopes); !ok) return ok;
  for (int i = 0; i < proof.scopes_size(); ++i) {
    if (!IsScope(proof.scopes(i)))
      return Bad(scopes + "/" + std::to_string(i), "is no scope: it has a blank, a quote or worse");
  }
  return {};
}

base::auth::TokenTerms TermsOf(const v1::JwtProof& proof) {
  base::auth::TokenTerms terms;
  for (const std::string& audience : proof.audiences()) {
    if (audience == kSelfAudience) {
      terms.own = true;
    } else {
      terms.audiences.push_back(audience);
    }
  }
  if (proof.has_clock_skew_s()) terms.clock_skew_s = proof.clock_skew_s();
  for (const std::string& name : proof.algorithms()) {
    if (const auto known = base::auth::AlgorithmNamed(name)) terms.algorithms.push_back(*known);
  }
  for (const v1::ClaimDemand& demand : proof.claims()) {
    terms.claims.push_back({demand.name(),
                            {demand.values().begin(), demand.values().end()},
                            demand.match() == v1::ClaimMatch::ALL,
                            demand.separator()});
  }
  terms.scopes.assign(proof.scopes().begin(), proof.scopes().end());
  return terms;
}

}  // namespace policy
