#include "mcp/legacy/batch.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mcp/collector.h"
#include "mcp/legacy/session_call.h"
#include "mcp/legacy/session_endpoint.h"
#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

// Of one answer, and of all: a batch is collected.
constexpr std::size_t kMaxAnswerBytes = 4 * 1024 * 1024;
constexpr std::size_t kMaxAnswersBytes = 16 * 1024 * 1024;

// The side of one message of the batch.
class PartClient final : public Client {
 public:
  PartClient(HttpCaller& outer, StreamKeeper& stream) : outer_(outer), stream_(stream) {}

  base::Task<base::Result<void>> Notify(std::string_view message) override {
    return outer_.Notify(message);
  }
  base::Task<base::Result<void>> Relay(Source& source) override { return answer_.Relay(source); }
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override {
    return stream_.Ask(outer_, request, cancel);
  }
  std::string Take(Response response) { return answer_.Take(std::move(response)); }

 private:
  HttpCaller& outer_;
  StreamKeeper& stream_;
  Collector answer_{kMaxAnswerBytes};
};

class Batch {
 public:
  Batch(EndpointExchange& in, SessionPointer session)
      : in_(in),
        session_(std::move(session)),
        stream_(*session_, {}, in.loop, cancel_),
        patience_(in, stream_, cancel_),
        caller_(in.exchange, in.loop, in.record, in.options.keep_alive, &stream_),
        done_(in.loop) {}

  base::Task<void> Serve(const std::vector<std::string_view>& messages);

 private:
  struct Part {
    Part(const EndpointExchange& in, std::string_view bytes, const Envelope& envelope)
        : record(in.record),
          exchange(in.exchange, in.loop, in.principal, record, in.handler, in.options) {
      exchange.Take(bytes, envelope);
      exchange.client_capabilities = in.client_capabilities;
      exchange.client_info = in.client_info;
    }
    Record record;
    EndpointExchange exchange;
  };
  base::Task<void> ServePart(std::string_view message);
  base::Task<std::string> AnswerOf(EndpointExchange& part);
  void Keep(std::string answer, std::string_view raw_id);

  EndpointExchange& in_;
  const SessionPointer session_;
  base::CancelSignal cancel_;
  CallStream stream_;
  Patience patience_;
  HttpCaller caller_;
  base::Doorbell done_;
  std::size_t running_ = 0;
  // Not sent yet.
  std::vector<std::string> answers_;
  std::size_t answers_bytes_ = 0;
};

base::Task<void> Batch::Serve(const std::vector<std::string_view>& messages) {
  in_.record.method = "batch";
  running_ = messages.size();
  for (const std::string_view message : messages) base::Spawn(ServePart(message));
  base::CancelSignal never;
  while (running_ > 0) (void)co_await done_.Wait(std::chrono::hours(1), never);
  in_.record.outcome = Outcome::kOk;
  if (caller_.streaming()) {
    // Those that were there before the stream began.
    for (const std::string& answer : answers_) (void)co_await caller_.Notify(answer);
    co_return co_await caller_.End();
  }
  // Of notifications alone nothing is to be said.
  if (answers_.empty()) co_return co_await in_.Send(202, {});
  std::string array;
  array.reserve(answers_bytes_ + answers_.size() + 1);
  for (const std::string& answer : answers_) {
    array += array.empty() ? '[' : ',';
    array += answer;
  }
  array += ']';
  boost::container::small_vector<base::http::Field, 2> fields = {
      {"Content-Type", "application/json"}};
  if (!in_.record.request_id.empty()) fields.push_back({"X-Request-Id", in_.record.request_id});
  const std::span<const base::http::Field> all(fields.data(), fields.size());
  co_await caller_.Answer(200, array, all);
}

base::Task<void> Batch::ServePart(std::string_view message) {
  const base::Result<Envelope> envelope = Scan(message);
  std::string answer;
  std::string_view raw_id;
  if (!envelope) {
    CallError error;
    error.code = kInvalidRequest;
    error.message = "Invalid request: " + envelope.error().message + ".";
    error.reason = "InvalidRequest";
    answer = ErrorMessage({}, error, {});
  } else {
    const auto part = std::make_unique<Part>(in_, message, *envelope);
    raw_id = envelope->id.of(message);
    answer = co_await AnswerOf(part->exchange);
    if (in_.options.parts) in_.options.parts->Keep(part->record);
  }
  if (!answer.empty()) {
    if (caller_.streaming()) {
      (void)co_await caller_.Notify(answer);
    } else {
      Keep(std::move(answer), raw_id);
    }
  }
  --running_;
  done_.Ring();
}

void Batch::Keep(std::string answer, std::string_view raw_id) {
  if (answers_bytes_ + answer.size() > kMaxAnswersBytes) {
    CallError error;
    error.code = kResultTooLarge;
    error.message = "The answers of this batch are too long together. Repeat the call alone.";
    error.reason = "ResultTooLarge";
    answer = ErrorMessage(raw_id, error, in_.record.request_id);
  }
  answers_bytes_ += answer.size();
  answers_.push_back(std::move(answer));
}

// Empty when there is nothing to answer.
base::Task<std::string> Batch::AnswerOf(EndpointExchange& part) {
  if (part.method == "initialize" && part.is_request()) {
    CallError error;
    error.code = kInvalidRequest;
    error.message = "initialize must not be part of a batch.";
    error.reason = "InvalidRequest";
    part.record.outcome = Outcome::kRefused;
    co_return ErrorMessage(part.id(), error, {});
  }
  if (const auto simple = AnswerAtOnce(part, session_)) co_return *simple;
  base::CancelSignal cancel;
  const auto stop = [&cancel] { cancel.Request(); };
  base::CancelSignal::Hook hook(cancel_, stop);
  if (cancel_.requested()) cancel.Request();
  PartClient client(caller_, stream_);
  SessionCall call(part, session_, client, cancel);
  Response response = co_await call.Ask();
  if (call.cancelled() || !part.is_request()) {
    part.NoteOutcome({call.cancelled() ? Outcome::kCancelled : Outcome::kOk, 0});
    co_return std::string();
  }
  std::string answer = client.Take(std::move(response));
  part.NoteOutcome(OutcomeOf(answer));
  co_return answer;
}

}  // namespace

base::Task<void> ServeBatch(EndpointExchange& in, std::string_view body) {
  const auto refuse = [&in](std::string_view sentence) {
    return in.RefuseText(400, kInvalidRequest, sentence, "InvalidRequest");
  };
  const boost::system::result<SessionPointer, Refusal> found =
      FindSession(*in.options.sessions, in.headers, in.principal, {});
  if (!found) co_return co_await in.Refuse(found.error().http_status, {}, found.error().error);
  const SessionPointer session = *found;
  Introduce(in, session->facts());
  if (session->facts().revision != Revision::k2025_03_26)
    co_return co_await refuse("Invalid request: this revision has no batches.");
  std::vector<std::string_view> messages;
  Elements elements(body);
  while (elements.Next() && messages.size() <= kMaxBatch) messages.push_back(elements.value());
  if (messages.empty()) co_return co_await refuse("Invalid request: the batch is empty.");
  if (messages.size() > kMaxBatch)
    co_return co_await refuse("Invalid request: a batch has at most 50 messages.");
  Batch batch(in, session);
  co_await batch.Serve(messages);
}

}  // namespace mcp::legacy
