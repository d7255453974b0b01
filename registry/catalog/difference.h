// The fields in which two states of a resource differ, for people: `apply --dry-run` shows them.
#pragma once

#include "portolan/v1/catalog_service.pb.h"

namespace registry {

// At most `at_most`, in the order of the fields. What only the registry knows (hashes of keys) and
// the values of a program's environment are named, not told.
std::vector<portolan::v1::FieldChange> Difference(const portolan::v1::Resource& before,
                                                  const portolan::v1::Resource& after,
                                                  std::size_t at_most = 50);

}  // namespace registry
