// How resources look in the store: the spec alone, as the bytes of a Resource that has nothing
// else.
#pragma once

#include <string>

#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/resource.pb.h"
#include "registry/store/store.h"

namespace registry {

std::string SpecBytes(const portolan::v1::Resource& resource);
IndexColumns ColumnsOf(const portolan::v1::Resource& resource);

// kDataLoss when the bytes are none.
base::Result<portolan::v1::Resource> ToResource(const StoredResource& stored);
base::Result<portolan::v1::Change> ToChange(const StoredResource& stored);

}  // namespace registry
