#include "mcp/server/served_call.h"

#include <coroutine>
#include <nlohmann/json.hpp>

#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace mcp {
namespace {

std::string Notification(std::string_view method, ObjectWriter params) {
  ObjectWriter out;
  out.Text("jsonrpc", "2.0").Text("method", method).Raw("params", std::move(params).Take());
  return std::move(out).Take();
}

// Several questions put at the same time; the last answer wakes who waits for all.
struct Gathering {
  std::vector<base::Result<std::string>> answers;
  std::size_t open = 0;
  std::coroutine_handle<> waiter;

  bool await_ready() const noexcept { return open == 0; }
  void await_suspend(std::coroutine_handle<> self) noexcept { waiter = self; }
  void await_resume() const noexcept {}
  void Finish() {
    if (--open == 0 && waiter) waiter.resume();
  }
};

base::Task<void> Gather(base::Task<base::Result<std::string>> question, Gathering& gathering,
                        std::size_t index) {
  base::Result<std::string> answer = co_await std::move(question);
  gathering.answers[index] = std::move(answer);
  gathering.Finish();
}

}  // namespace

std::string_view ServedCall::Param(std::string_view name) const {
  return Member(call_.envelope.params.of(call_.bytes), name);
}

std::string_view ServedCall::raw_arguments() const {
  const Span arguments = call_.envelope.arguments;
  return arguments.empty() ? std::string_view("{}") : arguments.of(call_.bytes);
}

nlohmann::json ServedCall::arguments() const {
  auto tree = nlohmann::json::parse(raw_arguments(), nullptr, /*allow_exceptions=*/false);
  return tree.is_object() ? tree : nlohmann::json::object();
}

base::Task<base::Result<void>> ServedCall::Progress(double progress, double total,
                                                    std::string_view message) {
  const Span token = call_.envelope.progress_token;
  if (token.empty()) co_return base::Result<void>();
  ObjectWriter params;
  params.Raw("progressToken", token.of(call_.bytes));
  params.Raw("progress", nlohmann::json(progress).dump());
  if (total > 0) params.Raw("total", nlohmann::json(total).dump());
  params.TextUnlessEmpty("message", message);
  const std::string notification = Notification("notifications/progress", std::move(params));
  co_return co_await call_.client.Notify(notification);
}

base::Task<base::Result<void>> ServedCall::Log(LogLevel level, std::string_view data) {
  const std::optional<LogLevel> wanted = ParseLogLevel(DecodeString(call_.log_level));
  const bool silent = wanted ? level < *wanted : IsModern(call_.revision);
  if (silent) co_return base::Result<void>();
  ObjectWriter params;
  params.Text("level", ToString(level)).Raw("data", data);
  const std::string notification = Notification("notifications/message", std::move(params));
  co_return co_await call_.client.Notify(notification);
}

bool ServedCall::Declared(std::string_view capability) const {
  return IsObject(Member(call_.client_capabilities, capability));
}

bool ServedCall::DeclaredExtension(std::string_view name) const {
  return IsObject(Member(Member(call_.client_capabilities, "extensions"), name));
}

base::Error ServedCall::Refuse(CallError error) {
  refusal_ = std::move(error);
  return base::Fail(base::Code::kFailedPrecondition, refusal_->message);
}

void ServedCall::ContinueAsTask() {
  if (!task_ || std::exchange(is_task_, true)) return;
  task_->Continue();
}

base::Task<base::Result<std::string>> ServedCall::Ask(Question question) {
  const std::string key = question.key;
  std::vector<Question> questions;
  questions.push_back(std::move(question));
  base::Result<Answers> answers = co_await AskAll(std::move(questions));
  if (!answers) co_return answers.error();
  co_return std::move(answers->at(key));
}

base::Task<base::Result<Answers>> ServedCall::AskAll(std::vector<Question> questions) {
  for (const Question& question : questions) {
    if (Declared(question.capability)) continue;
    const std::string capability(question.capability);
    CallError error = MissingCapability("{\"" + capability + "\":{}}");
    // The code is of 2026-07-28.
    if (!IsModern(call_.revision))
      error = InvalidParams("The client does not do " + capability + ".");
    co_return Refuse(std::move(error));
  }
  if (is_task_ || !IsModern(call_.revision)) co_return co_await AskAllNow(questions);
  Answers out;
  for (Question& question : questions) {
    const auto answer = answers_.find(question.key);
    if (answer == answers_.end()) {
      open_questions_.push_back(std::move(question));
    } else if (IsAnswer(question, answer->second)) {
      out.emplace(question.key, answer->second);
    } else {
      co_return Refuse(InvalidParams("inputResponses: '" + question.key + "' is no answer to " +
                                     std::string(question.method) + "."));
    }
  }
  if (!open_questions_.empty())
    co_return base::Fail(base::Code::kAborted, "the caller must be asked first");
  co_return out;
}

base::Task<base::Result<Answers>> ServedCall::AskAllNow(const std::vector<Question>& questions) {
  Gathering gathering;
  gathering.answers.assign(questions.size(), std::string());
  gathering.open = questions.size();
  for (std::size_t i = 0; i < questions.size(); ++i)
    base::Spawn(Gather(AskNow(questions[i]), gathering, i));
  co_await gathering;
  Answers out;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (!gathering.answers[i]) co_return gathering.answers[i].error();
    out.emplace(questions[i].key, std::move(*gathering.answers[i]));
  }
  co_return out;
}

base::Task<base::Result<std::string>> ServedCall::AskNow(const Question& question) {
  ObjectWriter request;
  request.Text("jsonrpc", "2.0").Text("id", question.key).Text("method", question.method);
  request.Raw("params", question.params);
  const std::string message = std::move(request).Take();
  const base::Result<std::string> answer = co_await call_.client.Ask(message, call_.cancel);
  if (!answer) co_return answer.error();
  const base::Result<Envelope> envelope = Scan(*answer);
  if (!envelope || envelope->kind != Envelope::Kind::kResult) {
    const std::string why = envelope ? DecodeString(envelope->error_message.of(*answer)) : "";
    co_return Refuse(InvalidParams("The client did not answer " + std::string(question.method) +
                                   (why.empty() ? "." : ": " + why)));
  }
  const std::string_view result = envelope->result.of(*answer);
  if (!IsAnswer(question, result)) {
    co_return Refuse(
        InvalidParams("The client's answer is none to " + std::string(question.method) + "."));
  }
  co_return std::string(result);
}

std::optional<CallError> ServedCall::TakeAnswers() {
  const std::string_view state = Param("requestState");
  if (!state.empty()) {
    std::optional<Answers> earlier;
    if (IsString(state)) earlier = state_.Open(call_, DecodeString(state));
    if (!earlier) return InvalidParams("requestState is not what this call was given.");
    answers_ = std::move(*earlier);
  }
  const std::string_view responses = Param("inputResponses");
  if (responses.empty()) return std::nullopt;
  if (!IsObject(responses)) return InvalidParams("inputResponses must be an object.");
  Members members(responses);
  while (members.Next()) answers_[DecodeString(members.key())] = members.value();
  return std::nullopt;
}

std::string ServedCall::InputRequired() const {
  ObjectWriter requests;
  for (const Question& question : open_questions_) {
    ObjectWriter request;
    request.Text("method", question.method).Raw("params", question.params);
    const std::string key = Quote(question.key);
    requests.Raw(std::string_view(key).substr(1, key.size() - 2), std::move(request).Take());
  }
  ObjectWriter out;
  out.Text("resultType", "input_required").Raw("inputRequests", std::move(requests).Take());
  return std::move(out).Take();
}

Reply ServedCall::Failure(const base::Error& error) {
  if (refusal_) return *refusal_;
  if (!open_questions_.empty() && error.code == base::Code::kAborted) {
    const std::optional<std::string> state = state_.Seal(call_, answers_);
    if (!state) return InvalidParams("The answers are too long to be carried along.");
    std::string out = InputRequired();
    out.pop_back();
    return out + ",\"requestState\":" + Quote(*state) + "}";
  }
  if (error.code == base::Code::kCancelled) given_up_ = true;
  return ToCallError(error);
}

}  // namespace mcp
