// An organisation's own metadata of a server, for people.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "portolan/v1/server.pb.h"

namespace cli {

// A line for each value, `costCenter   4711`, and one for each that is required and missing. What the registry
// does not tell is left out.
std::vector<std::string> MetadataLines(Context& context, const portolan::v1::Server& server);

}  // namespace cli
