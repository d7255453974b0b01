#include "mcp/server/tasks.h"

#include <coroutine>

#include "base/auth/api_key.h"
#include "base/event.h"
#include "base/rfc3339.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/server/served_call.h"

namespace mcp {
namespace {

std::string ErrorObject(const CallError& error) {
  const std::string message = ErrorMessage("0", error, {});
  return std::string(Member(message, "error"));
}

}  // namespace

// One function on its way, with its own copy of the call. It is its function's caller as well:
// whom it asks, and who drops what it notifies.
class Tasks::Running final : public Client, public ServedCall::TaskStart {
 public:
  enum class Status { kWorking, kCompleted, kFailed, kCancelled };

  Running(ServedCall& first, base::Loop& loop, const base::Clock& clock)
      : changed(loop),
        clock_(clock),
        bytes_(first.call().bytes),
        method_(first.call().method),
        item_(first.call().item),
        capabilities_(first.call().client_capabilities),
        principal_(first.call().principal),
        loop_(loop),
        call_{.bytes = bytes_,
              .envelope = first.call().envelope,
              .revision = first.call().revision,
              .principal = principal_,
              .client = *this,
              .cancel = cancel_,
              .record = record_,
              .method = method_,
              .item = item_,
              .client_capabilities = capabilities_},
        served_(call_, first.state(), this),
        created_ms_(clock.UnixMillis()),
        updated_ms_(created_ms_) {}

  ServedCall& served() { return served_; }
  const std::string& id() const { return id_; }
  const std::string& owner() const { return principal_.id; }
  bool is_task() const { return is_task_; }
  bool finished() const { return answer_.has_value(); }
  bool IsOver() const { return clock_.UnixMillis() - created_ms_ >= kTtlMs; }
  Reply TakeReply() { return std::move(*answer_); }

  void Finish(Reply answer) {
    answer_ = std::move(answer);
    if (status_ == Status::kWorking) status_ = *answer_ ? Status::kCompleted : Status::kFailed;
    Touch();
  }
  void Cancel() {
    if (status_ != Status::kWorking) return;
    status_ = Status::kCancelled;
    Touch();
    for (auto& [key, open] : questions_) open->event.Set();
    cancel_.Request();
  }
  void Supply(std::string_view responses) {
    Members members(responses);
    while (members.Next()) {
      const auto open = questions_.find(DecodeString(members.key()));
      if (open == questions_.end()) continue;
      open->second->answer = members.value();
      open->second->event.Set();
      questions_.erase(open);
    }
    Touch();
  }

  // The members that say how it stands; `whole`: with what tasks/get adds.
  void Describe(ObjectWriter& out, bool whole) const {
    static constexpr std::string_view kNames[] = {"working", "completed", "failed", "cancelled"};
    const bool asks = status_ == Status::kWorking && !questions_.empty();
    out.Text("taskId", id_);
    out.Text("status", asks ? "input_required" : kNames[static_cast<int>(status_)]);
    out.Text("createdAt", base::FormatRfc3339(created_ms_));
    out.Text("lastUpdatedAt", base::FormatRfc3339(updated_ms_));
    out.Raw("ttlMs", std::to_string(kTtlMs));
    out.Raw("pollIntervalMs", std::to_string(kPollIntervalMs));
    out.TextUnlessEmpty("statusMessage", message_);
    if (!whole) return;
    if (status_ == Status::kCompleted) out.Raw("result", **answer_);
    if (status_ == Status::kFailed) out.Raw("error", ErrorObject(answer_->error()));
    if (!asks) return;
    ObjectWriter requests;
    for (const auto& [key, open] : questions_) {
      const std::string quoted = Quote(key);
      requests.Raw(std::string_view(quoted).substr(1, quoted.size() - 2), open->request);
    }
    out.Raw("inputRequests", std::move(requests).Take());
  }

  // Of a task, progress is what its status says.
  base::Task<base::Result<void>> Notify(std::string_view message) override {
    const std::string_view told = Member(Member(message, "params"), "message");
    if (IsString(told)) {
      message_ = DecodeString(told);
      Touch();
    }
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> Relay(Source&) override {
    co_return base::Fail(base::Code::kUnimplemented, "a task relays nothing");
  }
  // Parks the question until tasks/update answers it.
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal&) override {
    Question question(loop_);
    const std::string key = DecodeString(Member(request, "id"));
    ObjectWriter asked;
    asked.Raw("method", Member(request, "method")).Raw("params", Member(request, "params"));
    question.request = std::move(asked).Take();
    questions_[key] = &question;
    Touch();
    if (cancel_.requested()) question.event.Set();
    co_await question.event.Wait();
    if (question.answer.empty()) {
      questions_.erase(key);
      co_return base::Fail(base::Code::kCancelled, "the task was cancelled");
    }
    ObjectWriter answer;
    answer.Text("jsonrpc", "2.0").Text("id", key).Raw("result", question.answer);
    co_return std::move(answer).Take();
  }

  void Continue() override {
    is_task_ = true;
    changed.Set();
  }

  // It ended, or became a task.
  base::Event changed;

 private:
  struct Question {
    explicit Question(base::Loop& loop) : event(loop) {}
    std::string request;
    std::string answer;
    base::Event event;
  };
  void Touch() { updated_ms_ = clock_.UnixMillis(); }

  const base::Clock& clock_;
  const std::string id_ = base::auth::Base64UrlEncode(base::auth::RandomBytes(16));
  const std::string bytes_;
  const std::string method_;
  const std::string item_;
  const std::string capabilities_;
  const base::auth::Principal principal_;
  base::Loop& loop_;
  Record record_;
  base::CancelSignal cancel_;
  Call call_;
  ServedCall served_;

  const std::int64_t created_ms_;
  std::int64_t updated_ms_;
  Status status_ = Status::kWorking;
  bool is_task_ = false;
  std::string message_;
  std::optional<Reply> answer_;
  std::map<std::string, Question*, std::less<>> questions_;  // in the frames of Ask
};

Tasks::~Tasks() {
  for (auto& [id, running] : tasks_) running->Cancel();
}

base::Task<void> Tasks::Run(std::shared_ptr<Running> running, Function function) {
  Reply answer = co_await function(running->served());
  running->Finish(std::move(answer));
  running->changed.Set();
}

base::Task<Reply> Tasks::Start(ServedCall& call, Function function) {
  Forget();
  if (tasks_.size() >= kMaxTasks) {
    CallError error;
    error.code = kTooManyRequests;
    error.message = "Too many tasks are kept already. Try again later.";
    error.reason = "TooManyTasks";
    co_return error;
  }
  const auto running = std::make_shared<Running>(call, loop_, clock_);
  std::optional<CallError> tampered = running->served().TakeAnswers();
  if (tampered) co_return *tampered;
  base::Spawn(Run(running, std::move(function)));
  // Until it is a task, it is the request's: who hangs up ends it.
  const auto give_up = [&running] { running->Cancel(); };
  base::CancelSignal::Hook hook(call.call().cancel, give_up);
  if (call.call().cancel.requested()) running->Cancel();
  co_await running->changed.Wait();
  if (!running->is_task()) co_return running->TakeReply();
  ObjectWriter out;
  out.Text("resultType", "task");
  running->Describe(out, false);
  Keep(running);
  co_return std::move(out).Take();
}

void Tasks::Keep(std::shared_ptr<Running> running) {
  tasks_.emplace(running->id(), std::move(running));
}

void Tasks::Forget() {
  std::erase_if(tasks_, [](const auto& entry) {
    if (!entry.second->IsOver()) return false;
    entry.second->Cancel();
    return true;
  });
}

CallError Tasks::Missing() {
  return MissingCapability("{\"extensions\":{\"" + std::string(kExtension) + "\":{}}}");
}

void Tasks::Declare(ObjectWriter& capabilities) const {
  ObjectWriter extensions;
  extensions.Raw(kExtension, "{}");
  capabilities.Raw("extensions", std::move(extensions).Take());
}

bool Tasks::Serves(std::string_view method) const {
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel";
}

base::Task<Reply> Tasks::Serve(ServedCall& served) {
  const Call& call = served.call();
  if (!served.DeclaredExtension(kExtension)) co_return Missing();
  Forget();
  const auto found = tasks_.find(DecodeString(served.Param("taskId")));
  if (found == tasks_.end() || found->second->owner() != call.principal.id)
    co_return InvalidParams("Unknown task.");
  const std::shared_ptr<Running> running = found->second;
  ObjectWriter out;
  if (call.method == "tasks/get") {
    Complete(out, served);
    running->Describe(out, true);
    co_return std::move(out).Take();
  }
  if (call.method == "tasks/cancel") {
    running->Cancel();
  } else {
    const std::string_view responses = served.Param("inputResponses");
    if (!IsObject(responses)) co_return InvalidParams("inputResponses must be an object.");
    running->Supply(responses);
  }
  Complete(out, served);
  co_return std::move(out).Take();
}

}  // namespace mcp
