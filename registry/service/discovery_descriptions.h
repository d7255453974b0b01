// How discovery describes servers and tools as JSON: the same words in the tools' answers, in the
// resources and in the prompts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "registry/search/document.h"

namespace registry {

struct DiscoveryOptions {
  // Where clients reach the gateway, without a slash at the end; empty: no URLs are told.
  std::string gateway_public_url;
};

// Of a server's description; the others are counted in `more_tools`, and found by find_tools.
inline constexpr std::size_t kMaxToolsDescribed = 500;

// One line that tells what it is about: the first, cut at a letter's end.
std::string Brief(std::string_view text);

// Everything about a server; of its tools the ids and one line each.
nlohmann::ordered_json DescribeServer(const search::ServerDocument& server,
                                      const DiscoveryOptions& options);
// Everything about a tool of it, with the schemas of its definition.
nlohmann::ordered_json DescribeTool(const search::ServerDocument& server,
                                    const search::ToolDocument& tool, std::string_view definition);

// A stored schema as a tree; what is no JSON gives an empty object.
nlohmann::ordered_json Parsed(std::string_view json);
// Always valid UTF-8.
std::string Dump(const nlohmann::ordered_json& tree);

}  // namespace registry
