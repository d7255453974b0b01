// The fields of quotas and of concurrency (validate.h asks for them).
#pragma once

#include <string>

#include "base/result.h"

namespace portolan::v1 {
class Concurrency;
class Quota;
}  // namespace portolan::v1

namespace policy {

// kInvalidArgument; the message begins with the JSON pointer, which begins with `pointer`.
base::Result<void> ValidateQuota(const portolan::v1::Quota& quota, const std::string& pointer);
// Names of further header lines, of rate limits and quotas.
base::Result<void> ValidateLimitFields(const std::string& remaining, const std::string& limit,
                                       const std::string& pointer);
base::Result<void> ValidateConcurrency(const portolan::v1::Concurrency& concurrency,
                                       const std::string& pointer);

}  // namespace policy
