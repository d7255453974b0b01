#include "policy/server_tags.h"

#include "mcp/message.h"

namespace policy {

std::string TagsJson(const portolan::v1::Server& server) {
  std::string json = "[";
  for (const std::string& tag : server.tags()) {
    if (json.size() > 1) json += ',';
    json += mcp::Quote(tag);
  }
  return json += ']';
}

}  // namespace policy
