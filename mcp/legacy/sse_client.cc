#include "mcp/legacy/sse_client.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include "mcp/legacy/session_client.h"

namespace mcp::legacy {
namespace {

using base::Code;
using base::http::SendFailure;

constexpr std::size_t kMaxEndpointBytes = 8 * 1024;
constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr std::chrono::milliseconds kPostFirstByte{10'000};

SendFailure Failure(base::Error error, std::string_view stage) {
  SendFailure failure;
  failure.error = std::move(error);
  failure.stage = stage;
  return failure;
}

}  // namespace

base::Result<base::http::Url> ResolveEndpoint(const base::http::Url& stream,
                                              std::string_view reference) {
  const std::string base_text = stream.origin() + stream.target;
  const auto base_url = boost::urls::parse_uri(base_text);
  const auto relative = boost::urls::parse_uri_reference({reference.data(), reference.size()});
  const base::Error bad = base::Fail(Code::kDataLoss, "the server named no usable endpoint");
  if (!base_url || !relative) return bad;
  boost::urls::url resolved;
  if (!boost::urls::resolve(*base_url, *relative, resolved)) return bad;
  resolved.remove_fragment();
  auto url = base::http::Url::Parse(std::string_view(resolved.buffer()));
  if (!url) return bad;
  if (url->origin() != stream.origin()) {
    return base::Fail(Code::kPermissionDenied,
                      "the server named an endpoint on another origin, which gets nothing");
  }
  return url;
}

base::Task<SseClient::Opened> SseClient::Open(Options options, base::http::Url url,
                                              base::CancelSignal& cancel,
                                              const HandshakeOptions* terms) {
  std::shared_ptr<SseClient> self(new SseClient(options));
  // Until it is open it ends with who opens it.
  const auto give_up = [&self] { self->closed_.Request(); };
  base::CancelSignal::Hook hook(cancel, give_up);
  if (cancel.requested()) self->closed_.Request();
  StreamRequest request;
  request.cancel = &self->closed_;
  request.times = options.times;
  if (terms) {
    request.fields = terms->fields;
    request.connect = terms->connect;
    request.tls = terms->tls;
  }
  auto stream = co_await OpenStream(*options.streams, url, request);
  if (!stream) co_return stream.error();
  const int status = (*stream)->status();
  const std::string http = "HTTP " + std::to_string(status);
  if (status == 401) {
    co_return Failure(
        base::Fail(Code::kUnauthenticated, "the server wants authentication (" + http + ")"),
        "auth");
  }
  if (status == 403) {
    co_return Failure(
        base::Fail(Code::kPermissionDenied, "the server denied access (" + http + ")"), "auth");
  }
  if (!(*stream)->ok() || (*stream)->form() != Source::Form::kEventStream) {
    co_return Failure(
        base::Fail(Code::kFailedPrecondition, "GET gives no event stream (" + http + ")"),
        "handshake");
  }
  const auto named = co_await (*stream)->NextMessage(kMaxEndpointBytes);
  if (!named) co_return Failure(named.error().WithContext("endpoint"), "handshake");
  if ((*stream)->event_type() != "endpoint") {
    co_return Failure(
        base::Fail(Code::kFailedPrecondition, "the stream does not begin with an endpoint event"),
        "handshake");
  }
  auto endpoint = ResolveEndpoint(url, *named);
  if (!endpoint) co_return Failure(endpoint.error(), "handshake");
  self->endpoint_ = *std::move(endpoint);
  self->stream_ = *std::move(stream);
  co_return self;
}

void SseClient::Start(std::function<void(std::string_view)> on_message,
                      std::function<void(const base::Error&)> on_end) {
  on_message_ = std::move(on_message);
  on_end_ = std::move(on_end);
  base::Spawn(Read(shared_from_this()));
}

base::Task<> SseClient::Read(std::shared_ptr<SseClient> self) {
  base::Error why = base::Fail(Code::kUnavailable, "the server ended its event stream");
  for (;;) {
    const auto message = co_await self->stream_->NextMessage(self->options_.max_message_bytes);
    if (self->closed_.requested()) break;
    if (!message) why = message.error();
    if (!message || message->empty()) break;
    if (self->on_message_) self->on_message_(*message);
    if (self->closed_.requested()) break;
  }
  self->stream_.reset();
  self->on_message_ = nullptr;
  if (const auto on_end = std::exchange(self->on_end_, nullptr)) on_end(why);
}

base::Task<base::Result<void>> SseClient::Post(std::string message, const Posting& posting,
                                               base::CancelSignal& cancel) {
  const std::shared_ptr<SseClient> self = shared_from_this();
  const std::string_view pieces[] = {message};
  OutgoingMessage outgoing;
  outgoing.body = pieces;
  outgoing.revision = posting.revision;
  outgoing.fields = posting.fields;
  outgoing.connect = posting.connect;
  outgoing.tls = posting.tls;
  outgoing.cancel = &cancel;
  outgoing.first_byte = kPostFirstByte;
  auto answer = co_await mcp::Post(*options_.posts, endpoint_, outgoing);
  if (!answer) co_return answer.error().error.WithContext(answer.error().stage);
  const int status = (*answer)->status();
  if (!(*answer)->empty()) co_await (*answer)->NextMessage(kMaxAnswerBytes);
  if ((*answer)->ok()) co_return base::Result<void>();
  const bool unknown = status == 400 || status == 404 || status == 410;
  co_return base::Fail(unknown ? Code::kNotFound : Code::kUnavailable,
                       "the server answered HTTP " + std::to_string(status));
}

void SseClient::Close() {
  on_end_ = nullptr;
  closed_.Request();
}

}  // namespace mcp::legacy
