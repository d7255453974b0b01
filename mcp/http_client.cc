#include "mcp/http_client.h"

#include <boost/container/small_vector.hpp>

#include "mcp/error.h"
#include "mcp/legacy/session_client.h"
#include "mcp/raw_json.h"
#include "mcp/request_headers.h"
#include "mcp/requests.h"

namespace mcp {
namespace {

using base::Code;
using base::http::Field;
using base::http::SendFailure;
using FieldList = boost::container::small_vector<Field, 16>;

constexpr std::size_t kMaxEventIdBytes = 1024;
constexpr std::string_view kDiscoverId = "\"discover\"";

bool IsType(std::string_view content_type, std::string_view name) {
  return base::http::EqualsIgnoreCase(content_type.substr(0, name.size()), name);
}

bool Contains(std::string_view raw_array, std::string_view text) {
  Elements elements(raw_array);
  while (elements.Next()) {
    if (DecodeString(elements.value()) == text) return true;
  }
  return false;
}

// What an answer to server/discover says of the server.
enum class Era {
  kModern,
  kOlder,
  kAgain,    // it refused our revision, and yet lists it: it wants to be asked once more
  kForeign,  // it serves nothing that we speak
};
Era EraOf(int http_status, const ReceivedMessage& message) {
  if (message.envelope.kind == Envelope::Kind::kResult) {
    const std::string_view result = message.envelope.result.of(message.bytes);
    return Contains(Member(result, "supportedVersions"), ToString(kLatest)) ? Era::kModern
                                                                            : Era::kOlder;
  }
  switch (Integer(message.envelope.error_code.of(message.bytes)).value_or(0)) {
    case kHeaderMismatch:
    case kMissingCapability: return Era::kModern;
    case kUnsupportedRevision: {
      const std::string_view error = message.envelope.error.of(message.bytes);
      const std::string_view supported = Member(Member(error, "data"), "supported");
      if (Contains(supported, ToString(kLatest))) return Era::kAgain;
      for (const Revision revision : SupportedRevisions()) {
        if (Contains(supported, ToString(revision))) return Era::kOlder;
      }
      return IsArray(supported) ? Era::kForeign : Era::kOlder;
    }
    // Older servers say so in a 200, or refuse the request for the lack of a session.
    case kMethodNotFound: return http_status == 404 ? Era::kModern : Era::kOlder;
    default: return Era::kOlder;
  }
}

SendFailure Failure(base::Error error, std::string_view stage) {
  SendFailure failure;
  failure.error = std::move(error);
  failure.stage = stage;
  return failure;
}

}  // namespace

Answer::Answer(std::unique_ptr<base::http::ClientExchange> exchange)
    : exchange_(std::move(exchange)) {
  const base::http::ResponseHead& head = exchange_->head();
  status_ = head.status;
  const std::string_view type = head.fields.Find("content-type").value_or("");
  form_ = IsType(type, "text/event-stream") ? Form::kEventStream : Form::kJson;
  is_mcp_ = type.empty() || form_ == Form::kEventStream || IsType(type, "application/json");
  length_ = head.content_length.value_or(0);
  empty_ = status_ == 202 || status_ == 204 || head.content_length == 0;
  session_ = head.fields.Find("mcp-session-id").value_or("");
  if (ok()) return;
  retry_after_ = head.fields.Find("retry-after").value_or("");
  challenge_ = head.fields.Find("www-authenticate").value_or("");
}

base::Task<base::Result<std::string_view>> Answer::Next() { return exchange_->ReadSome(); }

void* Answer::operator new(std::size_t bytes) { return base::task_internal::AllocateFrame(bytes); }
void Answer::operator delete(void* memory, std::size_t bytes) noexcept {
  base::task_internal::FreeFrame(memory, bytes);
}

base::Task<base::Result<std::string_view>> Answer::NextMessage(std::size_t max_bytes) {
  if (form_ == Form::kJson) {
    if (std::exchange(read_, true)) co_return std::string_view();
    co_return co_await exchange_->ReadBody(max_bytes);
  }
  for (;;) {
    const base::Result<std::optional<SseEvent>> event = events_.Next();
    if (!event) co_return event.error();
    if (*event) {
      const std::string_view data = (*event)->data;
      // An id goes into a header: one that is no header's value cannot be gone on from.
      if ((*event)->has_id)
        last_event_id_ =
            (*event)->id.size() <= kMaxEventIdBytes ? (*event)->id : std::string_view();
      event_type_ = (*event)->type;
      if ((*event)->retry_ms) retry_ = std::chrono::milliseconds(*(*event)->retry_ms);
      if (data.size() > max_bytes) {
        co_return base::Fail(Code::kResourceExhausted,
                             "a message is longer than " + std::to_string(max_bytes) + " bytes");
      }
      if (!data.empty()) co_return data;
      continue;
    }
    const base::Result<std::string_view> bytes = co_await exchange_->ReadSome();
    if (!bytes) co_return bytes.error();
    if (bytes->empty()) co_return std::string_view();
    events_.Feed(*bytes);
  }
}

base::Task<boost::system::result<std::unique_ptr<Answer>, SendFailure>> Post(
    base::http::Client& client, const base::http::Url& url, const OutgoingMessage& message) {
  FieldList fields;
  fields.push_back({"Content-Type", "application/json"});
  fields.push_back({"Accept", "application/json, text/event-stream"});
  // The handshake agrees on the revision; until then there is none to name.
  if (message.method != "initialize")
    fields.push_back({"MCP-Protocol-Version", ToString(message.revision)});
  std::string name;
  if (IsModern(message.revision)) {
    fields.push_back({"Mcp-Method", message.method});
    if (NeedsName(message.method)) {
      const bool plain = IsPlainHeaderValue(message.item);
      if (!plain) name = EncodeHeaderValue(message.item);
      fields.push_back({"Mcp-Name", plain ? message.item : std::string_view(name)});
    }
  } else if (!message.session.empty()) {
    fields.push_back({"Mcp-Session-Id", message.session});
  }
  fields.insert(fields.end(), message.fields.begin(), message.fields.end());

  base::http::Client::Request request;
  request.fields = {fields.data(), fields.size()};
  request.body = message.body;
  request.cancel = message.cancel;
  request.connect = message.connect;
  request.first_byte = message.first_byte;
  request.idle = message.idle;
  request.tls = message.tls;
  request.endless_body = message.endless;
  request.times = message.times;
  auto exchange = co_await client.Send(url, request);
  if (!exchange) co_return exchange.error();
  co_return std::make_unique<Answer>(std::move(*exchange));
}

base::Task<base::Result<ReceivedMessage>> ReadResponse(Answer& answer, std::string_view raw_id,
                                                       std::size_t max_bytes,
                                                       NotificationSink* on_notification) {
  const std::string status = "HTTP " + std::to_string(answer.status());
  if (answer.status() == 401) {
    co_return base::Fail(Code::kUnauthenticated,
                         "the server wants authentication (" + status + ")");
  }
  if (answer.status() == 403) {
    co_return base::Fail(Code::kPermissionDenied, "the server denied access (" + status + ")");
  }
  for (;;) {
    base::Result<std::string_view> bytes = co_await answer.NextMessage(max_bytes);
    if (!bytes && answer.ok()) co_return bytes.error();
    if (!bytes || bytes->empty()) break;
    const base::Result<Envelope> envelope = Scan(*bytes);
    if (!envelope) {
      if (!answer.ok()) break;
      co_return base::Fail(Code::kDataLoss,
                           "the server's answer is not JSON-RPC: " + envelope.error().message);
    }
    if (envelope->kind == Envelope::Kind::kNotification ||
        envelope->kind == Envelope::Kind::kRequest) {
      if (!on_notification) continue;
      const base::Result<void> taken = co_await on_notification->Take(*bytes);
      if (!taken) co_return taken.error();
      continue;
    }
    if (IsAnswerTo(*bytes, *envelope, raw_id)) co_return ReceivedMessage{*bytes, *envelope};
    co_return base::Fail(Code::kDataLoss, "the server answered with another id");
  }
  if (answer.ok())
    co_return base::Fail(Code::kUnavailable, "the server ended its answer without a response");
  co_return base::Fail(Code::kUnavailable, "the server answered " + status);
}

// Equal as JSON: servers may write a string back with other escapes.
bool IsSameId(std::string_view a, std::string_view b) {
  return a == b || (IsString(a) && IsString(b) && DecodeString(a) == DecodeString(b));
}

bool IsAnswerTo(std::string_view bytes, const Envelope& envelope, std::string_view raw_id) {
  const std::string_view id = envelope.id.of(bytes);
  if (envelope.kind == Envelope::Kind::kError && (id.empty() || id == "null")) return true;
  return IsSameId(id, raw_id);
}

bool IsSessionLoss(const Answer& answer, std::string_view session) {
  return !session.empty() && (answer.status() == 404 || answer.status() == 400);
}

base::Task<boost::system::result<Handshake, SendFailure>> Meet(base::http::Client& client,
                                                               const base::http::Url& url,
                                                               const HandshakeOptions& options) {
  const std::string request = DiscoverRequest(kDiscoverId, options.identity);
  const std::string_view pieces[] = {request};
  OutgoingMessage message;
  message.body = pieces;
  message.method = kDiscoverMethod;
  message.fields = options.fields;
  message.cancel = options.cancel;
  message.connect = options.connect;
  message.first_byte = options.first_byte;
  message.tls = options.tls;
  std::optional<base::Error> refusal;
  for (int round = 0; round < 2; ++round) {
    auto answer = co_await Post(client, url, message);
    if (!answer) co_return answer.error();
    const base::Result<ReceivedMessage> response =
        co_await ReadResponse(**answer, kDiscoverId, options.max_bytes);
    if (!response) {
      const Code code = response.error().code;
      if (code == Code::kUnauthenticated || code == Code::kPermissionDenied) {
        co_return Failure(response.error(), "auth");
      }
      if (code == Code::kCancelled) co_return Failure(response.error(), "http");
      refusal = response.error().WithContext("server/discover");
      break;
    }
    const Era era = EraOf((*answer)->status(), *response);
    if (era == Era::kAgain) continue;
    if (era == Era::kOlder) break;
    if (era == Era::kForeign) {
      const std::string sentence =
          DecodeString(response->envelope.error_message.of(response->bytes));
      co_return Failure(base::Fail(Code::kFailedPrecondition, "server/discover: " + sentence),
                        "handshake");
    }
    Handshake handshake;
    handshake.result = response->envelope.result.of(response->bytes);
    if (handshake.result.empty()) handshake.result = "{}";
    co_return handshake;
  }
  // MCP 2026-07-28, Versioning, Backward Compatibility: anything else comes from a server that
  // wants a handshake.
  auto older = co_await legacy::OpenSession(client, url, options);
  if (!older && refusal && older.error().stage == "handshake")
    co_return Failure(*refusal, "handshake");
  co_return older;
}

}  // namespace mcp
