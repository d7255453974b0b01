#include "mcp/legacy/call_stream.h"

#include <algorithm>
#include <chrono>

#include "mcp/legacy/translate.h"
#include "mcp/message.h"
#include "mcp/requests.h"
#include "mcp/sse.h"

namespace mcp::legacy {
namespace {

// A question may wait for a person; a whole call takes no longer (product.md).
constexpr std::chrono::milliseconds kAnswerWithin{300'000};

}  // namespace

void CallStream::Begin(std::string& out) {
  if (session_.facts().over_sse) return;
  log_ = session_.OpenLog(raw_id_);
  if (log_) out += log_->Opening(0);
}

void CallStream::Keep(std::string_view message, bool is_error, std::string& out) {
  if (session_.facts().over_sse) return session_.own_log()->Add(message, is_error, nullptr);
  if (log_) return log_->Add(message, is_error, &out);
  AppendEvent(out, message);
}

base::Task<void> CallStream::Room() {
  if (session_.facts().over_sse) co_await session_.own_log()->Room(loop_, cancel_);
  if (log_) co_await log_->Room(loop_, cancel_);
}

void CallStream::Detach() {
  if (log_) log_->Detach();
}

void CallStream::End() {
  if (log_) log_->End();
}

base::Task<base::Result<std::string>> CallStream::Ask(Client& client, std::string_view request,
                                                      base::CancelSignal& cancel) {
  return AskCaller(session_, loop_, cancel_, client, request, cancel);
}

base::Task<base::Result<std::string>> AskCaller(CallerSession& session, base::Loop& loop,
                                                base::CancelSignal& call_cancel, Client& client,
                                                std::string_view request,
                                                base::CancelSignal& cancel) {
  using base::Code;
  const base::Result<Envelope> asked = Scan(request);
  if (!asked || asked->kind != Envelope::Kind::kRequest)
    co_return base::Fail(Code::kInvalidArgument, "the server's question is not a request");
  CallerSession::Question question(session, loop);
  const base::Result<void> posed = CallerSession::Question::Pose(question);
  if (!posed) co_return posed.error();
  const std::string renumbered = WithId(request, *asked, question.raw_id());
  const base::Result<void> sent = co_await client.Notify(renumbered);
  if (!sent) co_return sent.error();

  // Either signal ends the wait.
  base::CancelSignal withdrawn;
  const auto withdraw = [&withdrawn] { withdrawn.Request(); };
  base::CancelSignal::Hook by_asker(cancel, withdraw);
  base::CancelSignal::Hook by_call(call_cancel, withdraw);
  if (cancel.requested() || call_cancel.requested()) withdrawn.Request();

  const auto until = std::chrono::steady_clock::now() + kAnswerWithin;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    const base::Doorbell::Woken woken =
        co_await question.bell().Wait(std::max(left, std::chrono::milliseconds(0)), withdrawn);
    const std::string answer = question.TakeAnswer();
    if (!answer.empty()) {
      const base::Result<Envelope> parts = Scan(answer);
      if (!parts) co_return parts.error();
      co_return WithId(answer, *parts, asked->id.of(request));
    }
    if (session.ended()) co_return base::Fail(Code::kCancelled, "the caller's session has ended");
    if (woken == base::Doorbell::Woken::kRung) continue;
    const bool expired = woken == base::Doorbell::Woken::kExpired;
    const std::string cancelled = CancelledNotification(
        question.raw_id(), expired ? "no answer in time" : "the server does not need it any more");
    (void)co_await client.Notify(cancelled);
    if (expired) co_return base::Fail(Code::kDeadlineExceeded, "the caller did not answer in time");
    co_return base::Fail(Code::kCancelled, "the question was withdrawn");
  }
}

}  // namespace mcp::legacy
