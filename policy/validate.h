// Whether a PolicySet can be put in force. The registry asks before it stores one, the gateway
// before it compiles one: the same rules, once.
#pragma once

#include "base/result.h"

namespace portolan::v1 {
class PolicySet;
}

namespace policy {

// Checks the set as a whole. kInvalidArgument; the message begins with the JSON pointer of the
// field, counted from the resource: `/spec/rules/0/rate_limit/key: line 1, column 1: unknown attribute
// 'tool.nam'; did you mean 'tool.name'?`.
base::Result<void> Validate(const portolan::v1::PolicySet& set);

}  // namespace policy
