// A client for URLs that lead to others: what an admin wrote once, and whose name others may bend.
//
// A name that leads to this machine or its own link (loopback, link-local, unspecified and
// multicast addresses, also inside IPv6) is refused with kPermissionDenied, each time it is looked
// up. An address that stands in the URL itself is meant, and reached. Addresses of private networks
// are reached: registries of an organisation live there. Redirects are answers, as with every
// Client: nobody follows them.
#pragma once

#include <memory>

#include "base/http/client.h"

namespace base::http {

std::unique_ptr<Client> CreateOutwardClient(Loop& loop, const ClientLimits& limits);

}  // namespace base::http
