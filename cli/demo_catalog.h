// What `portolan up --demo` puts into the catalog, so that every page of the portal has something
// true to show.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/registry_client.h"

namespace cli {

// Registers portolan-demo at `url` as local/demo, with one PolicySet. What somebody changed since
// the last time stays, but for the URL.
base::Result<void> RegisterDemo(RegistryClient& registry, const std::string& url);

}  // namespace cli
