#include "gateway/state/shown_server.h"

#include "portolan/v1/server.pb.h"

namespace gateway::state {
namespace {

namespace v1 = portolan::v1;

void AddPlace(const std::string& text, ShownServer& out) {
  auto url = base::http::Url::Parse(text);
  if (!url) return;
  if (out.places.empty()) {
    const std::string path = url->target.substr(0, url->target.find('?'));
    out.resource = url->origin() + (path == "/" ? "" : path);
  }
  out.places.push_back(*std::move(url));
}

}  // namespace

ShownServer ShownServer::Of(const v1::Server& server) {
  ShownServer out;
  out.credential = server.credential();
  const v1::Endpoint& endpoint = server.endpoint();
  if (endpoint.has_streamable_http()) AddPlace(endpoint.streamable_http().url(), out);
  if (endpoint.has_sse()) AddPlace(endpoint.sse().url(), out);
  for (const v1::PoolMember& member : endpoint.pool().members()) {
    AddPlace(member.has_sse() ? member.sse().url() : member.streamable_http().url(), out);
  }
  return out;
}

}  // namespace gateway::state
