#include "registry/catalog/stored_form.h"

#include "policy/entitlement.h"
#include "registry/catalog/validate.h"

namespace registry {

namespace v1 = portolan::v1;

std::string SpecBytes(const v1::Resource& resource) {
  v1::Resource spec = resource;
  spec.clear_kind();
  spec.clear_name();
  spec.clear_revision();
  spec.clear_updated_at_ms();
  spec.clear_created_at_ms();
  return spec.SerializeAsString();
}

IndexColumns ColumnsOf(const v1::Resource& resource) {
  IndexColumns columns;
  if (resource.has_access_request()) columns.owner = resource.access_request().principal();
  if (resource.has_subscription()) columns.owner = policy::SubscriberOf(resource.subscription());
  if (resource.has_api_key()) columns.owner = resource.api_key().consumer();
  if (!resource.has_server()) return columns;
  const v1::Server& server = resource.server();
  if (!server.base_path().empty()) columns.base_paths.push_back(server.base_path());
  for (const std::string& alias : server.base_path_aliases()) columns.base_paths.push_back(alias);
  columns.lifecycle = server.lifecycle();
  columns.approval = server.approval();
  columns.owner = server.owner();
  columns.tags.assign(server.tags().begin(), server.tags().end());
  return columns;
}

base::Result<v1::Resource> ToResource(const StoredResource& stored) {
  v1::Resource resource;
  if (!resource.ParseFromString(stored.spec)) {
    return base::Fail(base::Code::kDataLoss,
                      stored.kind + " " + stored.name + ": its spec cannot be read");
  }
  resource.set_kind(stored.kind);
  resource.set_name(stored.name);
  resource.set_revision(stored.revision);
  resource.set_created_at_ms(stored.created_at_ms);
  resource.set_updated_at_ms(stored.updated_at_ms);
  return resource;
}

base::Result<v1::Change> ToChange(const StoredResource& stored) {
  v1::Change change;
  if (stored.deleted) {
    change.set_deleted(true);
    change.mutable_resource()->set_kind(stored.kind);
    change.mutable_resource()->set_name(stored.name);
    change.mutable_resource()->set_revision(stored.revision);
    return change;
  }
  auto resource = ToResource(stored);
  if (resource.has_error()) return resource.error();
  *change.mutable_resource() = std::move(*resource);
  return change;
}

}  // namespace registry
