// Whether rules that check, make up or keep answers could work: `validate`, `mock`, `cache`.
#pragma once

#include <string>

#include "base/result.h"
#include "portolan/v1/policy.pb.h"

namespace policy {

// REQUIRES: `rule` holds one of them. `pointer` is the rule's; the error begins with that of the
// field.
base::Result<void> CheckAnswerRule(const portolan::v1::Rule& rule, const std::string& pointer);

}  // namespace policy
