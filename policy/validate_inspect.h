// Whether rules that look into calls can be put in force: `inspect` and `record`.
#pragma once

#include <string>

#include "base/result.h"

namespace portolan::v1 {
class Inspect;
class Record;
}  // namespace portolan::v1

namespace policy {

// `pointer` is that of the rule's policy. kInvalidArgument begins with the field's own.
base::Result<void> ValidateInspect(const portolan::v1::Inspect& inspect,
                                   const std::string& pointer);
base::Result<void> ValidateRecord(const portolan::v1::Record& record, const std::string& pointer);

}  // namespace policy
