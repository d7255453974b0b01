#include "mcp/legacy/session_client.h"

#include "mcp/legacy/handshake.h"

namespace mcp::legacy {
namespace {

using base::Code;
using base::http::SendFailure;

constexpr std::string_view kInitializeId = "\"initialize\"";

SendFailure HandshakeFailure(const base::Error& error, std::string_view what) {
  SendFailure failure;
  failure.error = error.WithContext(what);
  const bool auth = error.code == Code::kUnauthenticated || error.code == Code::kPermissionDenied;
  failure.stage = auth ? "auth" : "handshake";
  return failure;
}

}  // namespace

base::Task<boost::system::result<Handshake, SendFailure>> OpenSession(
    base::http::Client& client, const base::http::Url& url, const HandshakeOptions& options) {
  const std::string request = InitializeRequest(kInitializeId, options.identity, options.offer);
  const std::string_view pieces[] = {request};
  OutgoingMessage message;
  message.body = pieces;
  message.revision = options.offer;
  message.method = "initialize";
  message.fields = options.fields;
  message.cancel = options.cancel;
  message.connect = options.connect;
  message.first_byte = options.first_byte;
  message.tls = options.tls;
  auto answer = co_await Post(client, url, message);
  if (!answer) co_return answer.error();
  const base::Result<ReceivedMessage> response =
      co_await ReadResponse(**answer, kInitializeId, options.max_bytes);
  if (!response) co_return HandshakeFailure(response.error(), "initialize");
  const base::Result<Initialized> initialized =
      ReadInitializeAnswer(response->bytes, response->envelope);
  if (!initialized) co_return HandshakeFailure(initialized.error(), "initialize");
  Handshake handshake;
  handshake.revision = initialized->revision;
  handshake.result = initialized->result;
  handshake.session = (*answer)->session();

  const std::string_view notification[] = {kInitializedNotification};
  message.body = notification;
  message.revision = handshake.revision;
  message.method = "notifications/initialized";
  message.session = handshake.session;
  auto accepted = co_await Post(client, url, message);
  if (!accepted) co_return accepted.error();
  if (!(*accepted)->ok()) {
    const base::Error error = base::Fail(
        Code::kUnavailable, "the server answered HTTP " + std::to_string((*accepted)->status()));
    co_return HandshakeFailure(error, "notifications/initialized");
  }
  co_return handshake;
}

base::Task<void> CloseSession(base::http::Client& client, const base::http::Url& url,
                              std::string session, std::span<const base::http::Field> fields,
                              std::shared_ptr<const base::http::TlsContext> tls) {
  std::vector<base::http::Field> all(fields.begin(), fields.end());
  all.push_back({"Mcp-Session-Id", session});
  base::http::Client::Request request;
  request.method = "DELETE";
  request.fields = all;
  request.tls = std::move(tls);
  auto exchange = co_await client.Send(url, request);
  // Read to its end, so that the connection is kept.
  if (exchange) co_await (*exchange)->ReadBody(64 * 1024);
}

base::Task<boost::system::result<std::unique_ptr<Answer>, SendFailure>> OpenStream(
    base::http::Client& client, const base::http::Url& url, const StreamRequest& request) {
  std::vector<base::http::Field> fields{{"Accept", "text/event-stream"},
                                        {"MCP-Protocol-Version", ToString(request.revision)}};
  if (!request.session.empty()) fields.push_back({"Mcp-Session-Id", request.session});
  if (!request.last_event_id.empty()) fields.push_back({"Last-Event-ID", request.last_event_id});
  fields.insert(fields.end(), request.fields.begin(), request.fields.end());
  base::http::Client::Request get;
  get.method = "GET";
  get.fields = fields;
  get.cancel = request.cancel;
  get.connect = request.connect;
  get.first_byte = request.first_byte;
  get.tls = request.tls;
  get.endless_body = true;
  get.times = request.times;
  auto exchange = co_await client.Send(url, get);
  if (!exchange) co_return exchange.error();
  co_return std::make_unique<Answer>(std::move(*exchange));
}

}  // namespace mcp::legacy
