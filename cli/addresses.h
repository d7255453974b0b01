// The addresses of an installation: where its daemons listen, and the URLs that others use.
#pragma once

#include <string>

#include "base/result.h"

namespace cli {

// `HOST:PORT` with port 0 replaced by one that is free now; anything else as it is. Chosen outside
// the range from which the kernel takes ports for outgoing connections, so that it stays free while
// a daemon restarts.
base::Result<std::string> ResolveListen(const std::string& address);

// Where somebody on this machine reaches a listener: the wildcard becomes loopback.
std::string ReachableAddress(const std::string& listen);

}  // namespace cli
