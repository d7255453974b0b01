#include "registry/catalog/visibility.h"

namespace registry {

bool CanSee(const base::auth::Principal& who, std::string_view name,
            const portolan::v1::Server& server) {
  if (SeesAllOf(who, name)) return true;
  return server.approval() == portolan::v1::Approval::APPROVED &&
         CanSeeAudiences(who, name, server.visibility().audiences());
}

bool CanSee(const base::auth::Principal& who, const portolan::v1::Product& product) {
  return product.state() == portolan::v1::ProductState::PUBLISHED &&
         CanSeeAudiences(who, /*server=*/"", product.visibility().audiences());
}

}  // namespace registry
