// Who sees what: a server's audiences against the one who asks.
#pragma once

#include "base/auth/principal.h"
#include "registry/search/index.h"

namespace registry::search {

// What is served, and meant for `principal` (registry/catalog/visibility.h). The principal is
// copied.
Visible VisibleTo(const base::auth::Principal& principal);

}  // namespace registry::search
