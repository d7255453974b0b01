// The prompts by which a person, or an agent, starts with discovery: find_a_tool for a task in plain
// words, and use_a_server to get to know one.
//
// Each is filled with what the index knows at this moment and the caller may see, so that the model
// begins with candidates and not with a search. They never wait.
#pragma once

#include <vector>

#include "mcp/server/prompts.h"
#include "registry/search/index.h"
#include "registry/service/discovery_descriptions.h"

namespace registry {

// The index outlives the prompts.
std::vector<mcp::Prompt> DiscoveryPrompts(const search::Index& index, DiscoveryOptions options);

}  // namespace registry
