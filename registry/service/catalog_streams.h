// The streams of CatalogService. Each remembers how far it has come and reads on when the catalog's
// bell rings.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registry/catalog/catalog.h"
#include "registry/service/methods.h"
#include "registry/service/watcher_sight.h"

namespace registry {

// kPermissionDenied or kUnauthenticated for a kind that this caller may not read; kInvalidArgument
// for none.
base::Result<std::unique_ptr<Stream>> OpenWatch(Catalog& catalog, Bell& tick, const Caller& caller,
                                                const v1::WatchRequest& request,
                                                const SeenServers& seen, Wake wake);

// Begins with how everything is now.
base::Result<std::unique_ptr<Stream>> OpenWatchStatus(
    Catalog& catalog, std::function<bool(const std::string& server)> may_see, Wake wake);

}  // namespace registry
