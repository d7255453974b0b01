#include "mcp/legacy/running_call.h"

#include <algorithm>
#include <exception>

#include "base/auth/api_key.h"
#include "mcp/error.h"
#include "mcp/legacy/parked_calls.h"
#include "mcp/raw_json.h"
#include "mcp/read_relayed.h"

namespace mcp::legacy {
namespace {

using base::Code;

constexpr std::size_t kMaxQuestions = 64;
constexpr std::size_t kMaxQuestionBytes = 4 * 1024 * 1024;
// What may wait for a visitor: progress and log messages, of which the last are no loss.
constexpr std::size_t kMaxKeptBytes = 256 * 1024;

}  // namespace

// The caller, as the server's handler sees it.
class RunningCall::Asker final : public Client {
 public:
  explicit Asker(RunningCall& running) : running_(running) {}

  base::Task<base::Result<void>> Notify(std::string_view message) override {
    std::string copy(message);
    if (!running_.visit_) {
      running_.kept_bytes_ += copy.size();
      if (running_.kept_bytes_ <= kMaxKeptBytes) {
        running_.notifications_.push_back({std::move(copy), nullptr});
      }
      co_return base::Result<void>();
    }
    auto [result] = co_await base::AwaitIo<base::Result<void>>([&](auto handler) {
      running_.notifications_.push_back({std::move(copy), std::move(handler)});
      running_.Step();
    });
    co_return result;
  }

  base::Task<base::Result<void>> Relay(Source& source) override {
    base::Result<std::string> answer = co_await ReadRelayed(source, *this);
    if (!answer) co_return answer.error();
    relayed = *std::move(answer);
    co_return base::Result<void>();
  }

  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override {
    const auto envelope = Scan(request);
    if (!envelope || envelope->kind != Envelope::Kind::kRequest) {
      co_return base::Fail(Code::kInvalidArgument, "no request");
    }
    Question question;
    question.raw_id = envelope->id.of(request);
    question.request.key = "q" + std::to_string(++running_.asked_);
    question.request.method = DecodeString(envelope->method.of(request));
    question.request.raw_params = envelope->params.of(request);
    if (!CanBeAsked(running_.client_capabilities_, question.request.method,
                    question.request.raw_params)) {
      co_return base::Fail(Code::kUnimplemented,
                           "the caller cannot be asked " + question.request.method);
    }
    std::size_t bytes = request.size();
    for (const Question& other : running_.questions_) bytes += other.request.raw_params.size();
    if (running_.questions_.size() >= kMaxQuestions || bytes > kMaxQuestionBytes) {
      co_return base::Fail(Code::kResourceExhausted, "too much is asked at a time");
    }
    if (running_.cancel_.requested() || cancel.requested()) {
      co_return base::Fail(Code::kCancelled, "cancelled");
    }
    if (!running_.registered_ && !running_.parked_.Add(running_.shared_from_this())) {
      co_return base::Fail(Code::kResourceExhausted, "too many calls wait for their callers");
    }
    running_.registered_ = true;
    const auto withdraw = [self = running_.shared_from_this(), key = question.request.key] {
      self->home_.Post([self, key] { self->Withdraw(key); });
    };
    base::CancelSignal::Hook hook(cancel, withdraw);
    auto [answer] = co_await base::AwaitIo<base::Result<std::string>>([&](auto handler) {
      question.answer = std::move(handler);
      running_.questions_.push_back(std::move(question));
      // Later, so that what is asked together is put together.
      running_.home_.Post([self = running_.shared_from_this()] { self->Step(); });
    });
    co_return answer;
  }

  std::string relayed;

 private:
  RunningCall& running_;
};

RunningCall::RunningCall(const Call& call, base::Loop& home, ParkedCalls& parked)
    : home_(home),
      parked_(parked),
      id_(base::auth::RandomBytes(16)),
      bytes_(call.bytes),
      envelope_(call.envelope),
      revision_(call.revision),
      principal_(call.principal),
      method_(call.method),
      item_(call.item),
      client_capabilities_(call.client_capabilities),
      client_info_(call.client_info),
      log_level_(call.log_level),
      connection_id_(call.connection_id),
      upstream_(call.upstream),
      collect_result_up_to_(call.collect_result_up_to) {
  record_.request_id = call.record.request_id;
  if (!call.fields) return;
  for (const base::http::Field& field : call.fields->all()) {
    const std::string& name = field_texts_.emplace_back(field.name);
    fields_.Add(name, field_texts_.emplace_back(field.value));
  }
}

void RunningCall::Begin(VisitPointer visit, std::shared_ptr<Handler> server) {
  visit_ = std::move(visit);
  base::Spawn(Run(shared_from_this(), std::move(server)));
}

base::Task<> RunningCall::Run(std::shared_ptr<RunningCall> self, std::shared_ptr<Handler> server) {
  Response response;
  try {
    response = co_await self->Ask(*server);
  } catch (const std::exception& exception) {
    // Our own bug. The caller learns the request's id and nothing else.
    self->record_.outcome = Outcome::kInternal;
    self->record_.message = exception.what();
    CallError error;
    error.message = "Internal error.";
    response = Response::Message(
        ErrorMessage(self->envelope_.id.of(self->bytes_), error, self->record_.request_id));
  }
  self->response_ = std::move(response);
  // Cancelled while nobody was there: there will be nobody.
  if (!self->visit_ && self->cancel_.requested()) co_return self->BeOver();
  self->Step();
}

base::Task<Response> RunningCall::Ask(Handler& server) {
  Asker asker(*this);
  Call call{.bytes = bytes_,
            .envelope = envelope_,
            .revision = revision_,
            .principal = principal_,
            .client = asker,
            .cancel = cancel_,
            .record = record_,
            .method = method_,
            .item = item_,
            .fields = &fields_,
            .connection_id = connection_id_,
            .session = {},
            .client_capabilities = client_capabilities_,
            .client_info = client_info_,
            .log_level = log_level_,
            .upstream = upstream_,
            .collect_result_up_to = collect_result_up_to_};
  Response response = co_await server.Handle(call);
  if (response.kind == Response::Kind::kRelayed) {
    response = Response::Message(std::move(asker.relayed));
  }
  co_return response;
}

void RunningCall::Resume(VisitPointer visit, std::uint64_t round,
                         std::vector<InputResponse> responses) {
  if (visit_ || round != round_ || cancel_.requested()) {
    visit->own.Post([visit] {
      visit->ending.emplace();
      visit->Wake();
    });
    return;
  }
  life_.Disarm();
  visit_ = std::move(visit);
  kept_bytes_ = 0;
  std::vector<std::pair<Question, std::string>> answered;
  for (const InputResponse& response : responses) {
    const auto found =
        std::find_if(questions_.begin(), questions_.end(), [&](const Question& question) {
          return question.put && question.request.key == response.key;
        });
    if (found == questions_.end()) continue;  // a key of no question of ours is passed over
    answered.emplace_back(std::move(*found), response.raw_result);
    questions_.erase(found);
  }
  // Each goes on as soon as it has its answer, and may do anything.
  const std::shared_ptr<RunningCall> self = shared_from_this();
  for (auto& [question, result] : answered) {
    std::string message = R"({"jsonrpc":"2.0","id":)" + question.raw_id + ",\"result\":";
    message.append(result).append("}");
    question.answer(std::move(message));
  }
  Step();
}

void RunningCall::Step() {
  if (!visit_ || sending_) return;
  if (!notifications_.empty()) {
    sending_ = true;
    visit_->own.Post([visit = visit_, message = notifications_.front().message]() mutable {
      visit->notification = std::move(message);
      visit->Wake();
    });
    return;
  }
  if (response_) {
    Ending ending;
    ending.kind = Ending::Kind::kAnswered;
    ending.response = *std::move(response_);
    ending.record = std::move(record_);
    End(std::move(ending));
    return BeOver();
  }
  if (questions_.empty() || cancel_.requested()) return;
  Ending ending;
  ending.kind = Ending::Kind::kAsks;
  ending.round = ++round_;
  for (Question& question : questions_) {
    question.put = true;
    ending.requests.push_back(question.request);
  }
  End(std::move(ending));
  const auto expire = [](void* self) { static_cast<RunningCall*>(self)->Expire(); };
  home_.timers.Arm(life_, kLife, expire, this);
}

void RunningCall::End(Ending ending) {
  base::Loop& own = visit_->own;
  own.Post([visit = std::exchange(visit_, nullptr), ending = std::move(ending)]() mutable {
    visit->ending = std::move(ending);
    visit->Wake();
  });
}

void RunningCall::Sent(base::Result<void> result) {
  sending_ = false;
  const Notification notification = std::move(notifications_.front());
  notifications_.pop_front();
  const std::shared_ptr<RunningCall> self = shared_from_this();
  if (notification.sent) notification.sent(std::move(result));
  Step();
}

void RunningCall::Withdraw(const std::string& key) {
  const auto found =
      std::find_if(questions_.begin(), questions_.end(),
                   [&](const Question& question) { return question.request.key == key; });
  if (found == questions_.end()) return;
  const auto answer = std::move(found->answer);
  questions_.erase(found);
  answer(base::Fail(Code::kCancelled, "the server wants no answer any more"));
}

void RunningCall::Leave(const VisitPointer& visit) {
  if (visit_ == visit) Cancel();
}

void RunningCall::Cancel() {
  const std::shared_ptr<RunningCall> self = shared_from_this();
  const std::vector<Question> questions = std::exchange(questions_, {});
  cancel_.Request();
  for (const Question& question : questions) {
    question.answer(base::Fail(Code::kCancelled, "nobody answered"));
  }
  // It had ended already, and nobody came for the answer.
  if (response_ && !visit_) BeOver();
}

void RunningCall::Expire() { Cancel(); }

void RunningCall::BeOver() {
  life_.Disarm();
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  if (std::exchange(registered_, false)) parked_.Remove(id_);
}

}  // namespace mcp::legacy
