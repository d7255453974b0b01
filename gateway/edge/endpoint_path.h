// Which endpoint a path means: `/BASE/mcp`, and the two paths of 2024-11-05, with or without a slash at the end.
#pragma once

#include <string_view>

namespace gateway {

// What of an endpoint a path means.
enum class Face { kMcp, kSse, kMessages };

struct EndpointPath {
  std::string_view base;  // empty: the path is no endpoint's
  Face face = Face::kMcp;

  static EndpointPath Of(std::string_view path);
};

}  // namespace gateway
