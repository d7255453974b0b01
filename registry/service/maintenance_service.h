// MaintenanceService's methods: for whoever runs the registry.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "portolan/v1/maintenance_service.pb.h"
#include "registry/catalog/audit.h"
#include "registry/service/methods.h"
#include "registry/service/rotation.h"

namespace registry {

namespace v1 = portolan::v1;

class MaintenanceService {
 public:
  MaintenanceService(Store& store, std::filesystem::path data, Audit& audit, Rotation& rotation,
                     const base::Clock& clock)
      : store_(store), data_(std::move(data)), audit_(audit), rotation_(rotation), clock_(clock) {}

  // kAborted while another one is being made. The audit says who took it.
  base::Result<std::unique_ptr<Stream>> Backup(const Caller& caller,
                                               const v1::BackupRequest& request, Wake wake);
  // kAborted while a backup is being made: it would hold the one key and what the other sealed.
  base::Result<v1::RotateMasterKeyResponse> RotateMasterKey(
      const Caller& caller, const v1::RotateMasterKeyRequest& request);

 private:
  Store& store_;
  const std::filesystem::path data_;
  Audit& audit_;
  Rotation& rotation_;
  const base::Clock& clock_;
  std::atomic<bool> busy_{false};
};

}  // namespace registry
