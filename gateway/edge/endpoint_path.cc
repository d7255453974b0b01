#include "gateway/edge/endpoint_path.h"

namespace gateway {

EndpointPath EndpointPath::Of(std::string_view path) {
  EndpointPath found;
  if (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0) return found;
  const std::string_view last = path.substr(slash + 1);
  if (last == "mcp") {
    found.face = Face::kMcp;
  } else if (last == "sse") {
    found.face = Face::kSse;
  } else if (last == "messages") {
    found.face = Face::kMessages;
  } else {
    return found;
  }
  const std::string_view base = path.substr(1, slash - 1);
  if (base.find('/') == std::string_view::npos) found.base = base;
  return found;
}

}  // namespace gateway
