// A server's tags, as rules ask for them (Facts::server_tags).
#pragma once

#include <string>

#include "portolan/v1/server.pb.h"

namespace policy {

// A raw JSON array of strings.
std::string TagsJson(const portolan::v1::Server& server);

}  // namespace policy
