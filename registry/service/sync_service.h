// SyncService's methods: how the sources go, and a run at once.
#pragma once

#include <memory>

#include "portolan/v1/sync_service.pb.h"
#include "registry/service/methods.h"
#include "registry/sync/sync.h"

namespace registry {

class SyncService {
 public:
  explicit SyncService(sync::Sync& sync) : sync_(sync) {}

  base::Result<v1::ListSyncResponse> ListSync(const Caller& caller,
                                              const v1::ListSyncRequest& request);
  base::Result<std::unique_ptr<Stream>> RunSync(const Caller& caller,
                                                const v1::RunSyncRequest& request, Wake wake);

 private:
  sync::Sync& sync_;
};

}  // namespace registry
