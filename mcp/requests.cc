#include "mcp/requests.h"

#include "mcp/message.h"
#include "mcp/revision.h"

namespace mcp {

std::string DiscoverRequest(std::string_view raw_id, const Identity& identity) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out.append(raw_id).append(R"(,"method":)").append(Quote(kDiscoverMethod));
  out += R"(,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":)";
  out += Quote(ToString(kLatest));
  if (!identity.info.empty())
    out.append(R"(,"io.modelcontextprotocol/clientInfo":)").append(identity.info);
  out.append(R"(,"io.modelcontextprotocol/clientCapabilities":)").append(identity.capabilities);
  return out + "}}}";
}

std::string CancelledNotification(std::string_view raw_id, std::string_view reason) {
  std::string out = R"({"jsonrpc":"2.0","method":)" + Quote(kCancelledMethod);
  out.append(R"(,"params":{"requestId":)").append(raw_id);
  if (!reason.empty()) out.append(R"(,"reason":)").append(Quote(reason));
  return out + "}}";
}

}  // namespace mcp
