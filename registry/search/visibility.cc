#include "registry/search/visibility.h"

#include "registry/catalog/visibility.h"

namespace registry::search {

Visible VisibleTo(const base::auth::Principal& principal) {
  return [principal](const ServerDocument& server) {
    return server.served && CanSeeAudiences(principal, server.name, server.audiences);
  };
}

}  // namespace registry::search
