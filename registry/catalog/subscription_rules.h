// What holds for every subscription, however it is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "portolan/v1/resource.pb.h"
#include "registry/catalog/writing.h"

namespace registry {

// Those of one subscriber (policy::SubscriberOf), in the order of their names.
base::Result<std::vector<v1::Resource>> SubscriptionsOf(Reader& store,
                                                        const std::string& subscriber);
// kNotFound.
base::Result<v1::Resource> ReadResource(Reader& store, std::string_view kind,
                                        const std::string& name);

// Fills in what the registry knows better than a file. A new one is as its product has it, and there
// must be room for it; one that is there already changes by its own methods only.
base::Result<void> CompleteSubscription(const Writing& writing, v1::Resource& resource,
                                        const v1::Resource* before);

// With its keys, which would let nobody through any more.
base::Result<void> DeleteKeysOf(const Writing& writing, const v1::Resource& subscription);

}  // namespace registry
