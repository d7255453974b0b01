// MaintenanceService's methods: for whoever runs the registry.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "portolan/v1/maintenance_service.pb.h"
#include "registry/catalog/audit.h"
#include "registry/service/methods.h"

namespace registry {

namespace v1 = portolan::v1;

class MaintenanceService {
 public:
  MaintenanceService(Store& store, std::filesystem::path data, Audit& audit,
                     const base::Clock& clock)
      : store_(store), data_(std::move(data)), audit_(audit), clock_(clock) {}

  // kAborted while another one is being made. The audit says who took it.
  base::Result<std::unique_ptr<Stream>> Backup(const Caller& caller,
                                               const v1::BackupRequest& request, Wake wake);

 private:
  Store& store_;
  const std::filesystem::path data_;
  Audit& audit_;
  const base::Clock& clock_;
  std::atomic<bool> busy_{false};
};

}  // namespace registry
