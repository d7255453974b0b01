#include "gateway/backends/questions.h"

#include <algorithm>
#include <utility>

#include "gateway/backends/passage.h"
#include "mcp/error.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace gateway {
namespace {

using base::Code;

constexpr std::size_t kMaxOpen = 32;

struct NoneOpen {
  bool ready;
  std::coroutine_handle<>& ending;
  bool await_ready() const noexcept { return ready; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { ending = waiting; }
  void await_resume() const noexcept {}
};

// A caller that answers with another id, or with none, has still answered this question.
std::string UnderId(const std::string& answer, std::string_view raw_id) {
  const auto envelope = mcp::Scan(answer);
  const bool is_answer = envelope && (envelope->kind == mcp::Envelope::Kind::kResult ||
                                      envelope->kind == mcp::Envelope::Kind::kError);
  if (!is_answer)
    return CannotBeAsked(raw_id, base::Fail(Code::kDataLoss, "its answer is not JSON-RPC"));
  return Addressed(answer, *envelope, raw_id);
}

}  // namespace

std::string CannotBeAsked(std::string_view raw_id, const base::Error& why) {
  mcp::CallError error;
  error.code = why.code == Code::kUnimplemented ? mcp::kMethodNotFound : mcp::kInternalError;
  error.message = why.code == Code::kUnimplemented
                      ? "This client answers no requests."
                      : "The client was asked and gave no answer: " + why.message + ".";
  return mcp::ErrorMessage(raw_id, error, {});
}

void Questions::Take(std::string_view request, const mcp::Envelope& envelope) {
  const std::string_view raw_id = envelope.id.of(request);
  if (mcp::DecodeString(envelope.method.of(request)) == "ping") {
    return deliver_(ResultMessage(raw_id, "{}"));
  }
  if (open_.size() >= kMaxOpen) {
    return deliver_(
        CannotBeAsked(raw_id, base::Fail(Code::kResourceExhausted, "too many questions are open")));
  }
  auto question = std::make_shared<Open>();
  question->request = request;
  question->raw_id = raw_id;
  open_.push_back(question);
  base::Spawn(Put(*this, std::move(question)));
}

base::Task<> Questions::Put(Questions& self, Pointer question) {
  const base::Result<std::string> answer =
      co_await self.client_.Ask(question->request, question->cancel);
  std::string reply =
      answer ? UnderId(*answer, question->raw_id) : CannotBeAsked(question->raw_id, answer.error());
  std::erase(self.open_, question);
  if (!question->withdrawn) self.deliver_(std::move(reply));
  // Whoever waits may end the call, and us with it: nothing of ours is touched after this.
  if (self.open_.empty()) {
    if (const auto ending = std::exchange(self.ending_, nullptr)) ending.resume();
  }
}

bool Questions::TakeCancellation(std::string_view notification, const mcp::Envelope& envelope) {
  const std::string_view raw_id = envelope.request_id.of(notification);
  if (raw_id.empty() ||
      mcp::DecodeString(envelope.method.of(notification)) != mcp::kCancelledMethod) {
    return false;
  }
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const Pointer& question) {
    return question->raw_id == raw_id;
  });
  if (found == open_.end()) return false;
  const Pointer question = *found;
  question->withdrawn = true;
  question->cancel.Request();
  return true;
}

base::Task<> Questions::End() {
  // A signal may end its question at once, and take it from the list.
  const std::vector<Pointer> all = open_;
  for (const Pointer& question : all) question->cancel.Request();
  co_await NoneOpen{open_.empty(), ending_};
}

}  // namespace gateway
