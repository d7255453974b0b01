// What leans on a resource, and what it leans on: who deletes is warned by it. The table is in
// references.h; this walks the catalog. Blocks for as long as that takes (about a second at 100,000
// servers), so never inside a write of somebody else's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/auth/principal.h"
#include "base/result.h"
#include "portolan/v1/catalog_service.pb.h"

namespace registry {

class Reader;

inline constexpr int kMaxDependencies = 1'000;

// Of the resource of that kind and name, whether it is there or not; of each side at most
// kMaxDependencies, and only what `who` may see.
base::Result<portolan::v1::ListDependenciesResponse> Dependencies(Reader& store,
                                                                  const base::auth::Principal& who,
                                                                  std::string_view kind,
                                                                  std::string_view name);

// `PolicySet 'gold' is attached to it`, in the order given; what goes with the resource is counted
// (`its 3 keys go with it`).
std::vector<std::string> Warnings(
    const google::protobuf::RepeatedPtrField<portolan::v1::Dependency>& dependents);

}  // namespace registry
