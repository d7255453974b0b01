#include "policy/validate_limits.h"

#include <algorithm>
#include <cstdint>

#include "base/http/characters.h"
#include "base/http/message.h"
#include "base/rfc3339.h"
#include "policy/expression.h"
#include "portolan/v1/policy.pb.h"

namespace policy {

namespace v1 = portolan::v1;

namespace {

constexpr std::int64_t kMaxQuotaCalls = 1'000'000'000'000;
constexpr std::int64_t kMaxQuotaBytes = 1'000'000'000'000'000;
constexpr std::int64_t kLeastPeriodSeconds = 60;
constexpr std::int64_t kMaxPeriodSeconds = 31'536'000;
constexpr std::int64_t kMaxPlaces = 100'000;
constexpr std::int64_t kMaxQueueMillis = 10'000;
constexpr std::size_t kMaxFieldNameBytes = 64;

base::Error Bad(const std::string& pointer, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument, pointer + ": " + what);
}

base::Result<void> CheckKey(const std::string& source, const std::string& pointer) {
  if (source.empty()) return {};
  if (auto key = Expression::Compile(source); !key) return Bad(pointer, key.error().message);
  return {};
}

base::Result<void> CheckAnchor(const v1::Quota& quota, const std::string& pointer) {
  if (!v1::QuotaAnchor::Value_IsValid(quota.anchor()))
    return Bad(pointer + "/anchor", "must be CALENDAR, SUBSCRIPTION or FIRST_PERIOD");
  const bool first = quota.anchor() == v1::QuotaAnchor::FIRST_PERIOD;
  const std::string& start = quota.first_period_start();
  if (!first && !start.empty())
    return Bad(pointer + "/first_period_start", "belongs to anchor FIRST_PERIOD");
  if (!first) return {};
  const auto moment = base::ParseRfc3339(start);
  if (!moment || *moment <= 0)
    return Bad(pointer + "/first_period_start", "must be a moment: 2027-01-15T00:00:00Z");
  return {};
}

base::Result<void> CheckPeriod(const v1::Quota& quota, const std::string& pointer) {
  if (!v1::QuotaPeriod::Value_IsValid(quota.period()))
    return Bad(pointer + "/period", "must be DAY, WEEK, MONTH, YEAR or LIFETIME");
  const bool named = quota.period() != v1::QuotaPeriod::UNSPECIFIED;
  if (named && quota.period_s() != 0)
    return Bad(pointer + "/period_s", "stands beside period; give one of them");
  if (named) return {};
  if (quota.period_s() == 0) return Bad(pointer + "/period", "is missing: give it or period_s");
  if (quota.period_s() < kLeastPeriodSeconds || quota.period_s() > kMaxPeriodSeconds)
    return Bad(pointer + "/period_s", "must be from 60 to 31536000");
  return {};
}

// What may name a further line of our answers: nothing that says something else there.
base::Result<void> CheckFieldName(const std::string& name, const std::string& pointer) {
  if (name.empty()) return {};
  if (name.size() > kMaxFieldNameBytes ||
      !std::all_of(name.begin(), name.end(), [](char c) { return base::http::IsToken(c); }))
    return Bad(pointer, "is no header name");
  constexpr std::string_view kTaken[] = {"Access-Control-",
                                         "Connection",
                                         "Content-",
                                         "Date",
                                         "Keep-Alive",
                                         "Link",
                                         "Location",
                                         "Mcp-",
                                         "RateLimit",
                                         "RateLimit-Policy",
                                         "Retry-After",
                                         "Set-Cookie",
                                         "Strict-",
                                         "Trailer",
                                         "Transfer-",
                                         "Upgrade",
                                         "Vary",
                                         "WWW-",
                                         "X-Accel-",
                                         "X-Cache",
                                         "X-Request-Id"};
  for (const std::string_view taken : kTaken) {
    // `RateLimit` itself and its kin are ours; a name that goes on is another one.
    const bool prefix = taken.ends_with('-');
    const std::string_view begin = std::string_view(name).substr(0, taken.size());
    if (base::http::EqualsIgnoreCase(begin, taken) && (prefix || name.size() == taken.size()))
      return Bad(pointer, "is a line that says something else");
  }
  return {};
}

}  // namespace

base::Result<void> ValidateLimitFields(const std::string& remaining, const std::string& limit,
                                       const std::string& pointer) {
  if (auto ok = CheckFieldName(remaining, pointer + "/remaining_header"); !ok) return ok;
  if (auto ok = CheckFieldName(limit, pointer + "/limit_header"); !ok) return ok;
  if (!remaining.empty() && base::http::EqualsIgnoreCase(remaining, limit))
    return Bad(pointer + "/limit_header", "is that of what is left");
  return {};
}

base::Result<void> ValidateQuota(const v1::Quota& quota, const std::string& pointer) {
  if (quota.calls() == 0 && quota.bytes() == 0) return Bad(pointer, "needs calls or bytes");
  if (quota.calls() < 0 || quota.calls() > kMaxQuotaCalls)
    return Bad(pointer + "/calls", "must be from 1 to " + std::to_string(kMaxQuotaCalls));
  if (quota.bytes() < 0 || quota.bytes() > kMaxQuotaBytes)
    return Bad(pointer + "/bytes", "must be from 1 to " + std::to_string(kMaxQuotaBytes));
  if (auto ok = CheckPeriod(quota, pointer); !ok) return ok;
  if (auto ok = CheckAnchor(quota, pointer); !ok) return ok;
  if (!v1::QuotaUnreachable::Value_IsValid(quota.on_unreachable()))
    return Bad(pointer + "/on_unreachable", "must be DENY or ALLOW");
  if (auto ok = ValidateLimitFields(quota.remaining_header(), quota.limit_header(), pointer); !ok)
    return ok;
  return CheckKey(quota.key(), pointer + "/key");
}

base::Result<void> ValidateConcurrency(const v1::Concurrency& concurrency,
                                       const std::string& pointer) {
  if (concurrency.max() < 1 || concurrency.max() > kMaxPlaces)
    return Bad(pointer + "/max", "must be from 1 to " + std::to_string(kMaxPlaces));
  if (concurrency.queue_ms() < 0 || concurrency.queue_ms() > kMaxQueueMillis)
    return Bad(pointer + "/queue_ms", "must be from 0 to " + std::to_string(kMaxQueueMillis));
  return CheckKey(concurrency.key(), pointer + "/key");
}

}  // namespace policy
