#include "gateway/backends/modern_server.h"

#include "gateway/backends/checked_answer.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/error.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;

constexpr std::size_t kMaxErrorBytes = 64 * 1024;

// A server that does not take modern requests (any more), from its refusal of one.
bool IsOfOlderRevision(int status, std::string_view body) {
  if (status != 400 && status != 404 && status != 405) return false;
  const auto envelope = mcp::Scan(body);
  if (!envelope || envelope->kind != mcp::Envelope::Kind::kError) return true;
  const std::int64_t code = mcp::Integer(envelope->error_code.of(body)).value_or(0);
  return code == mcp::kLegacyBadRequest || code == mcp::kSessionNotFound ||
         code == mcp::kUnsupportedRevision;
}

// Passes on what a server says before its answer. It asks nothing in this revision.
class Hearer final : public mcp::NotificationSink {
 public:
  explicit Hearer(mcp::Call& call) : call_(call), listening_(call.method == mcp::kListenMethod) {}

  base::Task<base::Result<void>> Take(std::string_view message) override {
    const auto envelope = mcp::Scan(message);
    const bool is_notification = envelope && envelope->kind == mcp::Envelope::Kind::kNotification;
    if (!is_notification || !(listening_ || MayHear(call_, message)))
      co_return base::Result<void>();
    co_return co_await call_.client.Notify(message);
  }

 private:
  mcp::Call& call_;
  const bool listening_;
};

}  // namespace

ModernServer::ModernServer(std::string name, base::http::Url url,
                           std::shared_ptr<Upstream> upstream, StreamClient& streams,
                           BackendContext& context)
    : name_(std::move(name)),
      url_(std::move(url)),
      upstream_(std::move(upstream)),
      streams_(streams),
      context_(context) {}

base::Task<std::optional<Response>> ModernServer::Ask(mcp::Call& call, Deadline& deadline) {
  // An older caller's endpoint asks for this to answer initialize.
  if (call.method == mcp::kDiscoverMethod && !mcp::IsModern(call.revision)) {
    co_return Response::Message(DiscoverMessage(call.id(), *upstream_->introduction(), true));
  }
  const Passage passage = PassageOf(call, true, false);
  if (passage == Passage::kNone) co_return AnswerInstead(call, name_);
  const Outgoing outgoing = MakeOutgoing(call, passage, *upstream_);
  base::http::Client& client = call.method == mcp::kListenMethod ? streams_.Get() : context_.client;
  auto answer = co_await Send(client, url_, call, outgoing, nullptr, deadline);
  if (!answer) {
    co_return UpstreamError(call, name_, answer.error(), context_.limits, deadline);
  }
  if ((*answer)->status() >= 400) {
    const auto body = co_await (*answer)->NextMessage(kMaxErrorBytes);
    const std::string refusal(body ? *body : std::string_view());
    if (IsOfOlderRevision((*answer)->status(), refusal)) co_return std::nullopt;
    const auto envelope = mcp::Scan(refusal);
    if (envelope && envelope->kind == mcp::Envelope::Kind::kError && call.is_request()) {
      co_return Response::Message(AnswerTo(call, passage, refusal, *envelope));
    }
    const std::string status = "the server answered HTTP " + std::to_string((*answer)->status());
    co_return UpstreamError(call, name_, base::Fail(Code::kUnavailable, status), deadline);
  }
  if (!call.is_request()) co_return Response::Accepted();
  // A resource that is not there has another error code in each era.
  const bool may_relay = passage == Passage::kUntouched
                             ? call.method != mcp::kListenMethod
                             : passage == Passage::kToModern && call.method != "resources/read";
  if (!may_relay || !(*answer)->ok() || (*answer)->empty() || call.collect_result_up_to != 0) {
    Response response = co_await Collect(call, outgoing, **answer, deadline);
    co_return response;
  }
  if (!(*answer)->is_mcp()) {
    co_return UpstreamError(
        call, name_, base::Fail(Code::kDataLoss, "the server's answer is no JSON"), deadline);
  }
  CheckedAnswer checked(**answer, outgoing.id(call));
  mcp::Source& source =
      (*answer)->form() == mcp::Source::Form::kJson ? static_cast<mcp::Source&>(checked) : **answer;
  const base::Result<void> relayed = co_await call.client.Relay(source);
  if (relayed) co_return Response::Relayed();
  co_return UpstreamError(call, name_, relayed.error(), deadline);
}

base::Task<Response> ModernServer::Collect(mcp::Call& call, const Outgoing& outgoing,
                                           mcp::Answer& answer, Deadline& deadline) {
  const std::size_t max_bytes =
      call.collect_result_up_to != 0 ? call.collect_result_up_to : context_.limits.max_event_bytes;
  Hearer hearer(call);
  const auto received = co_await mcp::ReadResponse(answer, outgoing.id(call), max_bytes, &hearer);
  if (!received) co_return UpstreamError(call, name_, received.error(), deadline);
  co_return Response::Message(
      AnswerTo(call, outgoing.passage, received->bytes, received->envelope));
}

}  // namespace gateway
