// The windows of quotas: fixed, in UTC, whenever the first call comes; counted from the calendar, or
// from an anchor.
#pragma once

#include <cstdint>
#include <string>

namespace portolan::v1 {
class Quota;
}

namespace policy {

// Unix time in milliseconds; `end_ms` 0: it never ends.
struct QuotaWindow {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
};

// From when the quota's windows are counted, Unix time in milliseconds; 0: the calendar.
// `subscribed_at_ms` is when the caller's subscription began; 0: there is none.
std::int64_t AnchorOf(const portolan::v1::Quota& quota, std::int64_t subscribed_at_ms);

// The one that `now_ms` lies in. `created_ms` is when the set was made: LIFETIME begins there, unless
// there is an anchor. A month from the 31st begins on the last day of shorter months.
QuotaWindow WindowOf(const portolan::v1::Quota& quota, std::int64_t now_ms, std::int64_t created_ms,
                     std::int64_t anchor_ms = 0);

// `month`, `3600 s`: in words.
std::string PeriodName(const portolan::v1::Quota& quota);
// The same with the anchor: what tells the windows of one period from those of another.
std::string PeriodName(const portolan::v1::Quota& quota, std::int64_t anchor_ms);

}  // namespace policy
