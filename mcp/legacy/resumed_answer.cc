#include "mcp/legacy/resumed_answer.h"

#include <algorithm>

#include "mcp/legacy/session_client.h"

namespace mcp::legacy {
namespace {

using base::Code;
using std::chrono::milliseconds;

constexpr milliseconds kDefaultRetry{1'000};
// A server that names none at all must not be asked without a pause.
constexpr milliseconds kShortestRetry{10};
constexpr int kMaxFailures = 5;

}  // namespace

void ResumedAnswer::AllowQuiet(milliseconds limit) {
  quiet_ = limit;
  if (answer_) answer_->AllowQuiet(limit);
}

base::Task<base::Result<std::string_view>> ResumedAnswer::Next() {
  for (;;) {
    if (!answer_) {
      const base::Result<void> resumed = co_await Resume();
      if (!resumed) co_return resumed.error();
    }
    const auto message = co_await answer_->NextMessage(peer_.max_message_bytes);
    const bool heard =
        !answer_->last_event_id().empty() && answer_->last_event_id() != last_event_id_;
    if (heard) last_event_id_ = answer_->last_event_id();
    if (heard) failures_ = 0;
    if (answer_->retry()) retry_ = answer_->retry();
    if (message && !message->empty()) co_return *message;
    // It is over, or its connection is.
    const bool may_resume = !last_event_id_.empty() && !peer_.cancel.requested() &&
                            (message || message.error().code == Code::kUnavailable);
    if (!may_resume) co_return message;
    answer_.reset();
  }
}

base::Task<base::Result<void>> ResumedAnswer::Resume() {
  for (;;) {
    if (++failures_ > kMaxFailures) {
      co_return base::Fail(Code::kUnavailable, "the server's stream broke off too often");
    }
    const milliseconds pause = std::max(retry_.value_or(kDefaultRetry), kShortestRetry);
    const bool waited = co_await peer_.loop.timers.Sleep(pause, peer_.cancel);
    if (!waited) co_return base::Fail(Code::kCancelled, "cancelled");
    StreamRequest request;
    request.session = peer_.session;
    request.revision = peer_.revision;
    request.last_event_id = last_event_id_;
    request.cancel = &peer_.cancel;
    request.fields = peer_.fields;
    request.tls = peer_.tls;
    auto answer = co_await OpenStream(peer_.client, peer_.url, request);
    if (!answer) {
      if (answer.error().error.code == Code::kCancelled) co_return answer.error().error;
      continue;
    }
    const int status = (*answer)->status();
    if ((*answer)->ok() && (*answer)->form() == Source::Form::kEventStream) {
      answer_ = std::move(*answer);
      if (quiet_.count() >= 0) answer_->AllowQuiet(quiet_);
      co_return base::Result<void>();
    }
    if (status >= 500) continue;
    co_return base::Fail(
        Code::kUnavailable,
        "the server broke its stream off and does not go on (HTTP " + std::to_string(status) + ")");
  }
}

}  // namespace mcp::legacy
