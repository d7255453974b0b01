#include "demo/http_service.h"

#include <string>
#include <vector>

#include "base/auth/api_key.h"
#include "mcp/revision.h"

namespace demo {
namespace {

base::auth::Aead FreshKey() {
  std::vector<std::string> keys = {base::auth::RandomBytes(32)};
  return base::auth::Aead(std::move(keys));
}

}  // namespace

HttpService::HttpService(base::Loop& loop, mcp::Handler& handler, Era era, const base::Clock& clock,
                         bool loopback)
    : loop_(loop),
      handler_(handler),
      era_(era),
      loopback_(loopback),
      sessions_(FreshKey(), "demo", clock) {
  if (era_ != Era::kModern) options_.sessions = &sessions_;
}

base::Task<void> HttpService::Serve(base::http::Exchange& exchange) {
  const base::http::RequestHead& head = exchange.head();
  if (loopback_ && !origins_.Admits(head.fields)) {
    co_await Answer(exchange, 403, "this Host or Origin is not served here\n");
    co_return;
  }
  if (head.path == "/healthz") {
    co_await Answer(exchange, 200, "ok\n");
    co_return;
  }
  if (head.path != "/mcp" && head.path != "/mcp/") {
    co_await Answer(exchange, 404, "the demo is at /mcp\n");
    co_return;
  }
  auto version = head.fields.Find("mcp-protocol-version");
  auto revision = version ? mcp::ParseRevision(*version) : std::nullopt;
  if (era_ == Era::kLegacy && revision && mcp::IsModern(*revision)) {
    // As servers of older revisions answer a request that they take for one without a session.
    co_await Answer(
        exchange, 400,
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: unsupported protocol version"}})");
    co_return;
  }
  mcp::Record record;
  co_await mcp::ServeHttp(exchange, loop_, principal_, record, handler_, options_);
}

base::Task<void> HttpService::Answer(base::http::Exchange& exchange, int status,
                                     std::string_view body) {
  const base::http::Field fields[] = {
      {"Content-Type", body.starts_with('{') ? "application/json" : "text/plain"}};
  (void)co_await exchange.Respond(status, fields, body);
}

}  // namespace demo
