// What a caller is told about limits: the refusal, and on every answer how much is left of the one
// that has least (`RateLimit`, `RateLimit-Policy`: draft-ietf-httpapi-ratelimit-headers).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/filters/limit_rules.h"
#include "gateway/filters/refusal.h"
#include "gateway/state/limits.h"
#include "gateway/state/quotas.h"
#include "mcp/call.h"

namespace gateway {

// How things stand with one limit.
struct LimitState {
  std::string_view rule;
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t window_s = 0;     // 0: none
  std::int64_t resets_in_s = 0;  // 0: never, or not known
  std::string_view unit;         // empty: calls

  static LimitState Of(const LimitRules::Rate& rule, std::int64_t remaining,
                       std::int64_t resets_in_s);
  static LimitState Of(const LimitRules::Quota& rule, const state::Quotas::Verdict& verdict);
  double share() const {
    return limit == 0 ? 1 : static_cast<double>(remaining) / static_cast<double>(limit);
  }
};

// Header lines for the answer of an admitted call, however it goes out.
void TellLimit(mcp::Call& call, const LimitState& state);
// Those that a rule names itself, refusals too.
void TellFields(mcp::Call& call, const LimitFields& fields, std::int64_t remaining,
                std::int64_t limit);

constexpr std::string_view kRateReason = "RateLimitExceeded";
constexpr std::string_view kQuotaReason = "QuotaExceeded";
constexpr std::string_view kPlacesReason = "ConcurrencyExceeded";

mcp::Response RefuseByRate(mcp::Call& call, const LimitRules::Rate& rule,
                           const state::Limits::Verdict& verdict, const RefusalStyle& style);
mcp::Response RefuseByQuota(mcp::Call& call, const LimitRules::Quota& rule,
                            const state::Quotas::Verdict& verdict, const RefusalStyle& style);
mcp::Response RefuseByPlaces(mcp::Call& call, const LimitRules::Places& rule,
                             const RefusalStyle& style);

}  // namespace gateway
