// Who sees what: a server's audiences against the one who asks.
#pragma once

#include "base/auth/principal.h"
#include "registry/search/index.h"

namespace registry::search {

// What is served, and meant for `principal`: `public` for everybody, `authenticated` for whoever
// proved who they are, `consumer:NAME` for the principal `consumer/NAME`. Role admin sees whatever
// is served. The principal is copied.
Visible VisibleTo(const base::auth::Principal& principal);

}  // namespace registry::search
