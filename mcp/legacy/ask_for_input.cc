#include "mcp/legacy/ask_for_input.h"

#include <atomic>
#include <vector>

#include "mcp/error.h"
#include "mcp/legacy/input_requests.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"
#include "mcp/sse.h"

namespace mcp::legacy {
namespace {

constexpr std::size_t kMaxRetryBytes = 16 * 1024 * 1024;
constexpr std::string_view kInputRequired = "input_required";

// Of our own requests, to callers and to servers.
std::string NextId() {
  static std::atomic<std::uint64_t> last{0};
  return "\"portolan-" + std::to_string(last.fetch_add(1, std::memory_order_relaxed) + 1) + '"';
}

// A Source whose first piece was read already.
class Replay final : public Source {
 public:
  Replay(Source& rest, std::string_view first) : rest_(rest), first_(first) {}
  Form form() const override { return rest_.form(); }
  std::uint64_t length() const override { return rest_.length(); }
  base::Task<base::Result<std::string_view>> Next() override {
    if (first_.empty()) return rest_.Next();
    return First();
  }
  bool complete() const override { return rest_.complete(); }

 private:
  base::Task<base::Result<std::string_view>> First() {
    co_return std::exchange(first_, std::string_view());
  }
  Source& rest_;
  std::string_view first_;
};

// The one message, or the last event's.
std::string LastMessage(Source::Form form, std::string_view bytes) {
  if (form == Source::Form::kJson) return std::string(bytes);
  SseParser parser;
  parser.Feed(bytes);
  std::string last;
  for (;;) {
    const auto event = parser.Next();
    if (!event || !*event) return last;
    if (!(*event)->data.empty()) last = (*event)->data;
  }
}

// Passes everything on, but keeps an answer that requires input.
class Lookout final : public Client {
 public:
  explicit Lookout(Client& caller) : caller_(caller) {}

  base::Task<base::Result<void>> Notify(std::string_view message) override {
    return caller_.Notify(message);
  }
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override {
    return caller_.Ask(request, cancel);
  }
  base::Task<base::Result<void>> Relay(Source& source) override {
    const base::Result<std::string_view> first = co_await source.Next();
    if (!first) co_return first.error();
    const bool whole = source.complete() ||
                       (source.form() == Source::Form::kJson && first->size() == source.length());
    if (whole && first->find(kInputRequired) != std::string_view::npos) {
      std::string message = LastMessage(source.form(), *first);
      const auto envelope = Scan(message);
      if (envelope && DecodeString(envelope->result_type.of(message)) == kInputRequired) {
        kept = std::move(message);
        co_return base::Result<void>();
      }
    }
    Replay replay(source, *first);
    co_return co_await caller_.Relay(replay);
  }

  std::string kept;

 private:
  Client& caller_;
};

// Several questions at a time, and who waits for the last of them.
struct Asking {
  std::size_t open = 0;
  std::function<void()> wake;
};

base::Task<> AskOne(Call& call, std::string request, base::Result<std::string>& answer,
                    Asking& asking) {
  answer = co_await call.client.Ask(request, call.cancel);
  if (--asking.open > 0) co_return;
  if (const auto wake = std::exchange(asking.wake, nullptr)) wake();
}

base::Task<std::vector<base::Result<std::string>>> AskAll(
    Call& call, const std::vector<InputRequest>& requests) {
  std::vector<base::Result<std::string>> answers(requests.size(), std::string());
  // One more, so that nobody is last before all have begun.
  Asking asking{.open = requests.size() + 1, .wake = {}};
  for (std::size_t i = 0; i < requests.size(); ++i) {
    base::Spawn(AskOne(call, ServerRequest(NextId(), requests[i]), answers[i], asking));
  }
  if (--asking.open > 0) {
    co_await base::AwaitIo<>([&](auto handler) { asking.wake = std::move(handler); });
  }
  co_return answers;
}

Response Refuse(Call& call, int code, std::string sentence, std::string extra = {}) {
  CallError error;
  error.code = code;
  error.message = std::move(sentence);
  error.reason = "InputRequired";
  error.extra_data_json = std::move(extra);
  call.record.reason = error.reason;
  return Response::Message(ErrorMessage(call.id(), error, call.record.request_id));
}

Response CannotBeAsked(Call& call, const std::string& method) {
  const std::string capability = method.substr(0, method.find('/'));
  return Refuse(call, kMissingCapability,
                "The server needs an answer of this client (" + method +
                    "), which this client has not declared that it can give.",
                "\"requiredCapabilities\":{" + Quote(capability) + ":{}}");
}

// What the caller answered, as the modern server takes it; nullopt with `failed` set when there is
// no such form.
std::optional<InputResponse> ReadAnswer(Call& call, const InputRequest& request,
                                        const base::Result<std::string>& answer, Response& failed) {
  if (!answer) {
    const base::Code code = answer.error().code;
    if (code == base::Code::kCancelled && call.cancel.requested()) {
      call.record.outcome = Outcome::kCancelled;
      failed = Response::Gone();
    } else if (code == base::Code::kUnimplemented) {
      failed = CannotBeAsked(call, request.method);
    } else {
      failed = Refuse(call, kUpstreamTimeout,
                      "The server needs an answer of this client (" + request.method +
                          "), and it gave none: " + answer.error().message + ".");
    }
    return std::nullopt;
  }
  const auto envelope = Scan(*answer);
  if (envelope && envelope->kind == Envelope::Kind::kResult) {
    return InputResponse{request.key, std::string(envelope->result.of(*answer))};
  }
  // Nobody answered, which for a person's answer has a form.
  if (request.method == "elicitation/create") {
    return InputResponse{request.key, R"({"action":"cancel"})"};
  }
  const std::string why =
      envelope ? DecodeString(envelope->error_message.of(*answer)) : std::string("no message");
  failed = Refuse(call, kInternalError,
                  "The server needs an answer of this client (" + request.method +
                      "), and it answered with an error: " + why);
  return std::nullopt;
}

}  // namespace

AskForInput::AskForInput(std::shared_ptr<Handler> server,
                         std::function<std::optional<Revision>()> revision)
    : server_(std::move(server)), revision_(std::move(revision)) {}

base::Task<Response> AskForInput::Handle(Call& call) {
  if (IsModern(call.revision) || !call.is_request() || !MayRequireInput(call.method)) {
    return server_->Handle(call);
  }
  const std::optional<Revision> revision = revision_();
  if (revision && !IsModern(*revision)) return server_->Handle(call);
  return Detour(call);
}

base::Task<Response> AskForInput::Detour(Call& call) {
  Lookout lookout(call.client);
  Call first = call;
  if (CanBeAsked(call.client_capabilities)) {
    if (first.collect_result_up_to == 0) first.collect_result_up_to = kMaxAnswerBytes;
    Response answer = co_await server_->Handle(first);
    co_return co_await GoRound(call, std::move(answer));
  }
  Call watched = call.WithClient(lookout);
  Response answer = co_await server_->Handle(watched);
  if (!lookout.kept.empty()) answer = Response::Message(std::move(lookout.kept));
  co_return co_await GoRound(call, std::move(answer));
}

base::Task<Response> AskForInput::GoRound(Call& call, Response answer) {
  for (int round = 0; round < kMaxRounds; ++round) {
    if (answer.kind != Response::Kind::kMessage ||
        answer.body.find(kInputRequired) == std::string::npos) {
      break;
    }
    const auto envelope = Scan(answer.body);
    if (!envelope) break;
    base::Result<std::optional<InputRequired>> required = ReadInputRequired(answer.body, *envelope);
    if (!required) co_return Refuse(call, kUpstreamFailed, required.error().message + ".");
    if (!*required) break;
    const std::vector<InputRequest>& requests = (*required)->requests;
    for (const InputRequest& request : requests) {
      if (!CanBeAsked(call.client_capabilities, request.method, request.raw_params)) {
        co_return CannotBeAsked(call, request.method);
      }
    }
    const auto answers = co_await AskAll(call, requests);
    std::vector<InputResponse> responses;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      Response failed;
      auto response = ReadAnswer(call, requests[i], answers[i], failed);
      if (!response) co_return failed;
      bytes += response->raw_result.size();
      responses.push_back(*std::move(response));
    }
    if (bytes > kMaxRetryBytes) {
      co_return Refuse(call, kResultTooLarge, "This client's answers are too long.");
    }
    const std::string retry =
        RetryRequest(call.bytes, call.envelope, NextId(), responses, (*required)->raw_state);
    const auto parts = Scan(retry);
    if (!parts) {
      co_return Refuse(call, kInvalidParams,
                       "The parameters cannot be sent again with the answers in them: " +
                           parts.error().message + ".");
    }
    Call again = call;
    again.bytes = retry;
    again.envelope = *parts;
    if (again.collect_result_up_to == 0) again.collect_result_up_to = kMaxAnswerBytes;
    answer = co_await server_->Handle(again);
    if (answer.kind == Response::Kind::kMessage || answer.kind == Response::Kind::kRefused) {
      const auto told = Scan(answer.body);
      if (told && !told->id.empty()) answer.body = WithId(answer.body, *told, call.id());
    }
    if (round + 1 == kMaxRounds && answer.body.find(kInputRequired) != std::string::npos) {
      const auto last = Scan(answer.body);
      if (last && DecodeString(last->result_type.of(answer.body)) == kInputRequired) {
        co_return Refuse(call, kUpstreamFailed, "The server asked for input ten times in a row.");
      }
    }
  }
  co_return answer;
}

}  // namespace mcp::legacy
