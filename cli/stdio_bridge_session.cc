// The session part of a StdioBridge: an older client's session is opened, opened again when the
// endpoint has forgotten it, listened to, and ended.
#include <algorithm>

#include "cli/stdio_bridge.h"
#include "mcp/legacy/handshake.h"
#include "mcp/legacy/session_client.h"
#include "mcp/legacy/translate.h"

namespace cli {
namespace {

using base::Code;
using std::chrono::milliseconds;

constexpr milliseconds kEndSessionWithin{1'000};
constexpr std::string_view kAgainId = "\"portolan-again\"";

}  // namespace

base::Result<void> StdioBridge::OpenSession(std::shared_ptr<const Outgoing> initialize,
                                            std::string_view reply, std::string session) {
  const base::Result<mcp::Envelope> envelope = mcp::Scan(reply);
  if (!envelope) return envelope.error();
  const auto initialized = mcp::legacy::ReadInitializeAnswer(reply, *envelope);
  if (!initialized) return initialized.error();
  revision_ = initialized->revision;
  session_ = std::move(session);
  initialize_ = std::move(initialize);
  return {};
}

base::Task<base::Result<void>> StdioBridge::OpenSessionAgain(std::string lost) {
  while (reopening_) {
    co_await base::AwaitIo<>([&](auto handler) {
      reopened_.push_back([&loop = loop_, handler] { loop.Post(handler); });
    });
  }
  if (session_ != lost || !initialize_) co_return base::Result<void>();
  reopening_ = true;
  base::Result<void> opened = co_await InitializeAgain();
  reopening_ = false;
  for (const auto& resume : std::exchange(reopened_, {})) resume();
  co_return opened;
}

// As the client did, which needs not know.
base::Task<base::Result<void>> StdioBridge::InitializeAgain() {
  const std::shared_ptr<const Outgoing> first = initialize_;
  Outgoing again;
  again.bytes = mcp::legacy::WithId(first->bytes, first->envelope, kAgainId);
  again.envelope = *mcp::Scan(again.bytes);
  again.method = first->method;
  base::Result<AnswerPointer> answer = co_await Send(again, {}, ending_);
  if (!answer) co_return answer.error();
  for (;;) {
    const auto reply = co_await (*answer)->NextMessage(kMaxMessageBytes);
    if (!reply) co_return reply.error();
    if (reply->empty()) co_return base::Fail(Code::kUnavailable, "opened no session again");
    const base::Result<mcp::Envelope> envelope = mcp::Scan(*reply);
    if (!envelope || !mcp::IsAnswerTo(*reply, *envelope, kAgainId)) continue;
    const auto opened = OpenSession(first, *reply, (*answer)->session());
    if (!opened) co_return opened.error();
    break;
  }
  Outgoing initialized;
  initialized.bytes = mcp::legacy::kInitializedNotification;
  initialized.envelope = *mcp::Scan(initialized.bytes);
  initialized.method = "notifications/initialized";
  const base::Result<AnswerPointer> accepted = co_await Send(initialized, session_, ending_);
  if (!accepted) co_return accepted.error();
  base::Spawn(HearSession(session_));
  co_return base::Result<void>();
}

base::Task<> StdioBridge::HearSession(std::string session) {
  ++running_;
  std::string last_event_id;
  milliseconds pause = kFirstPause;
  while (session == session_ && !session.empty() && !ending_.requested()) {
    const Headers headers = credentials_();
    const std::vector<base::http::Field> fields = FieldsOf(headers);
    mcp::legacy::StreamRequest request;
    request.session = session;
    request.revision = revision_;
    request.last_event_id = last_event_id;
    request.cancel = &ending_;
    request.fields = fields;
    auto answer = co_await mcp::legacy::OpenStream(*client_, url_, request);
    const int status = answer ? (*answer)->status() : 0;
    // It gives no stream.
    if (status == 405) break;
    if (answer && mcp::IsSessionLoss(**answer, session)) {
      answer->reset();
      // Which hears the new one.
      (void)co_await OpenSessionAgain(session);
      break;
    }
    pause = Longer(pause);
    if (status == 200 && (*answer)->form() == mcp::Source::Form::kEventStream) {
      const bool heard = co_await HearStream(**answer);
      if (!(*answer)->last_event_id().empty()) last_event_id = (*answer)->last_event_id();
      if (heard) pause = (*answer)->retry().value_or(kFirstPause);
    }
    if (answer) answer->reset();
    (void)co_await loop_.timers.Sleep(std::max(pause, kFirstPause), ending_);
  }
  OneLess();
}

base::Task<bool> StdioBridge::HearStream(mcp::Answer& answer) {
  bool heard = false;
  for (;;) {
    const auto message = co_await answer.NextMessage(kMaxMessageBytes);
    if (!message || message->empty()) co_return heard;
    heard = true;
    streams_.Write(*message);
  }
}

base::Task<> StdioBridge::EndSession() {
  if (session_.empty()) co_return;
  const Headers headers = credentials_();
  std::vector<base::http::Field> fields = FieldsOf(headers);
  fields.push_back({"Mcp-Session-Id", session_});
  base::CancelSignal late;
  base::Timers::Timer timer;
  const auto expire = [](void* signal) { static_cast<base::CancelSignal*>(signal)->Request(); };
  loop_.timers.Arm(timer, kEndSessionWithin, expire, &late);
  base::http::Client::Request request;
  request.method = "DELETE";
  request.fields = fields;
  request.cancel = &late;
  // Whatever it answers is fine.
  (void)co_await client_->Send(url_, request);
}

}  // namespace cli
