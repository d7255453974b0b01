// The fields of `upstream` (validate.h asks for them).
#pragma once

#include <string>

#include "base/result.h"

namespace portolan::v1 {
class Upstream;
}

namespace policy {

// kInvalidArgument; the message begins with the JSON pointer, which begins with `pointer`.
base::Result<void> ValidateUpstream(const portolan::v1::Upstream& upstream,
                                    const std::string& pointer);

}  // namespace policy
