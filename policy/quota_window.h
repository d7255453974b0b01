// The windows of quotas: fixed, in UTC, whenever the first call comes.
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

// The one that `now_ms` lies in. `created_ms` is when the set was made: LIFETIME begins there.
QuotaWindow WindowOf(const portolan::v1::Quota& quota, std::int64_t now_ms,
                     std::int64_t created_ms);

// `month`, `3600 s`: what tells the windows of one period from those of another.
std::string PeriodName(const portolan::v1::Quota& quota);

}  // namespace policy
