#include "cli/limit_text.h"

#include "cli/printer.h"
#include "portolan/v1/policy.pb.h"

namespace cli {

namespace v1 = portolan::v1;

namespace {

std::string Period(const v1::Quota& quota) {
  switch (quota.period()) {
    case v1::QuotaPeriod::DAY: return "per day";
    case v1::QuotaPeriod::WEEK: return "per week";
    case v1::QuotaPeriod::MONTH: return "per month";
    case v1::QuotaPeriod::YEAR: return "per year";
    case v1::QuotaPeriod::LIFETIME: return "in all";
    default: return "per " + WithCommas(quota.period_s()) + " s";
  }
}

std::string QuotaText(const v1::Quota& quota) {
  std::string text;
  if (quota.calls() != 0) text = WithCommas(quota.calls()) + " calls";
  if (quota.bytes() != 0) text += (text.empty() ? "" : ", ") + WithCommas(quota.bytes()) + " bytes";
  text += " " + Period(quota);
  if (quota.on_unreachable() == v1::QuotaUnreachable::ALLOW)
    text += ", passes without the registry";
  return text;
}

}  // namespace

std::string LimitText(const v1::Rule& rule) {
  switch (rule.policy_case()) {
    case v1::Rule::kRateLimit: {
      const v1::RateLimit& limit = rule.rate_limit();
      std::string text = WithCommas(limit.calls()) + " per " + WithCommas(limit.per_s()) + " s";
      if (limit.weight() > 1) text += ", each call costs " + WithCommas(limit.weight());
      return text;
    }
    case v1::Rule::kQuota: return QuotaText(rule.quota());
    case v1::Rule::kConcurrency: {
      const v1::Concurrency& concurrency = rule.concurrency();
      std::string text = WithCommas(concurrency.max()) + " at a time";
      if (concurrency.queue_ms() != 0)
        text += ", waits " + WithCommas(concurrency.queue_ms()) + " ms";
      return text;
    }
    default: return {};
  }
}

}  // namespace cli
