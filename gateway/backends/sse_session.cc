#include "gateway/backends/sse_session.h"

#include <chrono>

#include "base/log.h"
#include "gateway/backends/bounds.h"
#include "gateway/backends/forwarded_fields.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/subscription.h"
#include "mcp/legacy/handshake.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace gateway {
namespace {

using base::Code;

// Of one call or listener that is not read.
constexpr std::size_t kMaxUnreadBytes = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kAsidePatience{15'000};

std::string_view CapabilityFor(std::string_view method) {
  if (method == "sampling/createMessage") return "sampling";
  if (method == "elicitation/create") return "elicitation";
  if (method == "roots/list") return "roots";
  return {};
}

base::http::SendFailure HandshakeFailure(const base::Error& error) {
  base::http::SendFailure failure;
  failure.error = error.WithContext("initialize");
  failure.stage = "handshake";
  return failure;
}

void Give(PendingRequest& request, std::string message) {
  request.Notification(std::move(message));
  if (request.unread_bytes() > kMaxUnreadBytes) request.Overrun(CallerTooSlow(kMaxUnreadBytes));
}

}  // namespace

base::Task<SseSession::Opened> SseSession::Open(base::Loop& loop,
                                                mcp::legacy::SseClient::Options connection,
                                                base::http::Url url, mcp::HandshakeOptions options,
                                                std::shared_ptr<const mcp::UpstreamTerms> terms) {
  auto client =
      co_await mcp::legacy::SseClient::Open(connection, std::move(url), *options.cancel, &options);
  if (!client) co_return client.error();
  std::shared_ptr<SseSession> self(new SseSession(loop, *client, std::move(terms)));
  // The client forgets both when it is closed, and so the circle ends.
  self->client_->Start([self](std::string_view message) { self->Take(message); },
                       [self](const base::Error& why) { self->Finish(why); });
  const std::uint64_t number = self->NextNumber();
  std::string request =
      mcp::legacy::InitializeRequest(std::to_string(number), options.identity, options.offer);
  const auto answer = co_await self->AskPlainly(number, std::move(request), *options.cancel);
  if (!answer) {
    self->Close();
    co_return HandshakeFailure(answer.error());
  }
  const auto initialized = mcp::legacy::ReadInitializeAnswer(*answer, *mcp::Scan(*answer));
  if (!initialized) {
    self->Close();
    co_return HandshakeFailure(initialized.error());
  }
  self->revision_ = initialized->revision;
  self->introduction_ = initialized->result;
  std::string notification(mcp::legacy::kInitializedNotification);
  const auto posted = co_await self->Post(std::move(notification), *options.cancel);
  if (posted) co_return self;
  self->Close();
  co_return HandshakeFailure(posted.error());
}

// ---- Out

std::unique_ptr<PendingRequest> SseSession::Expect(std::uint64_t number,
                                                   PendingRequest::Caller caller) {
  auto request = std::make_unique<PendingRequest>(loop_, requests_, number, std::move(caller));
  if (ended_) request->Fail(base::Fail(Code::kUnavailable, "the session has ended"));
  return request;
}

std::unique_ptr<PendingRequest> SseSession::Listen(PendingRequest::Caller caller) {
  auto request =
      std::make_unique<PendingRequest>(loop_, listeners_, NextNumber(), std::move(caller));
  if (ended_) request->Fail(base::Fail(Code::kUnavailable, "the session has ended"));
  return request;
}

base::Task<base::Result<void>> SseSession::Post(std::string message, base::CancelSignal& cancel,
                                                std::shared_ptr<const mcp::UpstreamTerms> terms) {
  if (!terms) terms = terms_;
  const FieldList own = OwnFields(terms.get());
  mcp::legacy::SseClient::Posting posting;
  posting.revision = revision_;
  posting.fields = {own.data(), own.size()};
  if (terms) posting.connect = terms->connect;
  if (terms) posting.tls = terms->tls;
  co_return co_await client_->Post(std::move(message), posting, cancel);
}

void SseSession::PostAside(std::string message) {
  if (asides_.Add(message) == Asides::Verdict::kSend) {
    base::Spawn(Aside(shared_from_this(), std::move(message)));
  } else if (asides_.TakeComplaint()) {
    spdlog::warn("{}:{} asks faster than it takes our answers: some of them are dropped",
                 client_->endpoint().host, client_->endpoint().port);
  }
}

base::Task<> SseSession::Aside(std::shared_ptr<SseSession> self, std::string message) {
  std::optional<std::string> next = std::move(message);
  while (next) {
    base::CancelSignal late;
    base::Timers::Timer timer;
    const auto expire = [](void* signal) { static_cast<base::CancelSignal*>(signal)->Request(); };
    self->loop_.timers.Arm(timer, kAsidePatience, expire, &late);
    (void)co_await self->Post(*std::move(next), late);
    next = self->asides_.Sent();
  }
}

base::Task<base::Result<std::string>> SseSession::AskPlainly(std::uint64_t number,
                                                             std::string message,
                                                             base::CancelSignal& cancel) {
  const auto request = Expect(number, PendingRequest::Caller());
  const auto posted = co_await Post(std::move(message), cancel);
  if (!posted) co_return posted.error();
  for (;;) {
    auto event = co_await request->Next(cancel);
    if (!event) co_return event.error();
    if (event->kind == PendingRequest::Event::Kind::kAnswer) co_return std::move(event->bytes);
  }
}

base::Task<bool> SseSession::Say(std::string_view method, std::string_view member,
                                 std::string_view raw_value, base::CancelSignal& cancel) {
  const std::uint64_t number = NextNumber();
  std::string request = R"({"jsonrpc":"2.0","id":)" + std::to_string(number) + R"(,"method":)";
  request += mcp::Quote(method) + ",\"params\":{" + mcp::Quote(member) + ":";
  request += raw_value;
  request += "}}";
  const auto answer = co_await AskPlainly(number, std::move(request), cancel);
  co_return answer&& mcp::Scan(*answer)->kind == mcp::Envelope::Kind::kResult;
}

void SseSession::Unsubscribe(std::string_view uri) {
  PostAside(R"({"jsonrpc":"2.0","id":)" + std::to_string(NextNumber()) +
            R"(,"method":"resources/unsubscribe","params":{"uri":)" + mcp::Quote(uri) + "}}");
}

// ---- In

PendingRequest* SseSession::Find(std::string_view raw_number) const {
  const auto number = mcp::Integer(raw_number);
  if (!number) return nullptr;
  const auto found = requests_.find(static_cast<std::uint64_t>(*number));
  return found == requests_.end() ? nullptr : found->second;
}

void SseSession::Take(std::string_view message) {
  const auto envelope = mcp::Scan(message);
  if (!envelope) return;
  if (envelope->kind == mcp::Envelope::Kind::kNotification)
    return TakeNotification(message, *envelope);
  if (envelope->kind == mcp::Envelope::Kind::kRequest) return TakeQuestion(message, *envelope);
  PendingRequest* request = Find(envelope->id.of(message));
  // Cancelled, or nobody's.
  if (request && !request->finished()) request->Answer(std::string(message));
}

void SseSession::TakeNotification(std::string_view message, const mcp::Envelope& envelope) {
  const std::string method = mcp::DecodeString(envelope.method.of(message));
  const std::string_view params = envelope.params.of(message);
  if (method == "notifications/progress") {
    const std::string_view token = mcp::Member(params, "progressToken");
    PendingRequest* request = Find(token);
    if (!request || request->caller().progress_token.empty()) return;
    return Give(*request, Spliced(message, token, request->caller().progress_token));
  }
  if (method == mcp::kCancelledMethod) {
    // Whoever was asked that question knows it.
    for (const PendingRequest::Register* all : {&requests_, &listeners_}) {
      for (const auto& [_, request] : *all) {
        if (request->CanBeAsked()) request->Withdrawal(message);
      }
    }
    return;
  }
  if (method == "notifications/message" && requests_.size() == 1)
    return Give(*requests_.begin()->second, std::string(message));
  for (const auto& [_, listener] : listeners_) Give(*listener, std::string(message));
}

void SseSession::TakeQuestion(std::string_view message, const mcp::Envelope& envelope) {
  const std::string method = mcp::DecodeString(envelope.method.of(message));
  const std::string_view raw_id = envelope.id.of(message);
  const std::string_view capability = CapabilityFor(method);
  if (!capability.empty()) {
    // The stream does not tell for which call it is asked.
    for (const PendingRequest::Register* all : {&requests_, &listeners_}) {
      for (auto entry = all->rbegin(); entry != all->rend(); ++entry) {
        PendingRequest& request = *entry->second;
        if (request.CanBeAsked(capability)) return request.Question(message);
      }
    }
  }
  PostAside(AnswerToServer(raw_id, method));
}

// ---- The end

void SseSession::Finish(const base::Error& why) {
  if (std::exchange(ended_, true)) return;
  for (const PendingRequest::Register* all : {&requests_, &listeners_}) {
    for (const auto& [_, request] : *all) request->Fail(why);
  }
  if (const auto callback = std::exchange(on_end_, nullptr)) callback();
}

void SseSession::Close() {
  on_end_ = nullptr;
  Finish(base::Fail(Code::kUnavailable, "the session was ended"));
  client_->Close();
}

}  // namespace gateway
