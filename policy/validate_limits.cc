#include "policy/validate_limits.h"

#include <cstdint>

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

base::Error Bad(const std::string& pointer, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument, pointer + ": " + what);
}

base::Result<void> CheckKey(const std::string& source, const std::string& pointer) {
  if (source.empty()) return {};
  if (auto key = Expression::Compile(source); !key) return Bad(pointer, key.error().message);
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

}  // namespace

base::Result<void> ValidateQuota(const v1::Quota& quota, const std::string& pointer) {
  if (quota.calls() == 0 && quota.bytes() == 0) return Bad(pointer, "needs calls or bytes");
  if (quota.calls() < 0 || quota.calls() > kMaxQuotaCalls)
    return Bad(pointer + "/calls", "must be from 1 to " + std::to_string(kMaxQuotaCalls));
  if (quota.bytes() < 0 || quota.bytes() > kMaxQuotaBytes)
    return Bad(pointer + "/bytes", "must be from 1 to " + std::to_string(kMaxQuotaBytes));
  if (auto ok = CheckPeriod(quota, pointer); !ok) return ok;
  if (!v1::QuotaUnreachable::Value_IsValid(quota.on_unreachable()))
    return Bad(pointer + "/on_unreachable", "must be DENY or ALLOW");
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
