// Finds what is secret in a resource: whatever field is a Secret, by reflection, so that a new kind of
// credential cannot forget one.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace policy {

// With the pointer of the secret's field: `/spec/header/secret`.
using SecretVisitor =
    std::function<base::Result<void>(portolan::v1::Secret&, const std::string& pointer)>;
// Visits each Secret of the spec that is there. Stops at the first error.
base::Result<void> ForEachSecret(portolan::v1::Resource& resource, const SecretVisitor& visit);

}  // namespace policy
