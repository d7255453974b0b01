#include "mcp/http_caller.h"

#include <array>

#include "mcp/sse.h"

namespace mcp {
namespace {

constexpr base::http::Field kJsonType{"Content-Type", "application/json"};
// The last one is left out where there is no id.
std::array<base::http::Field, 4> EventFields(std::string_view request_id) {
  return {{{"Content-Type", "text/event-stream"},
           {"Cache-Control", "no-cache, no-transform"},
           // nginx in front of us must not hold events back.
           {"X-Accel-Buffering", "no"},
           {"X-Request-Id", request_id}}};
}

bool IsAnswer(std::string_view message) {
  const base::Result<Envelope> envelope = Scan(message);
  return envelope &&
         (envelope->kind == Envelope::Kind::kResult || envelope->kind == Envelope::Kind::kError);
}

bool IsErrorAnswer(std::string_view message) {
  if (message.find("\"error\"") == std::string_view::npos) return false;
  const base::Result<Envelope> envelope = Scan(message);
  return envelope && envelope->kind == Envelope::Kind::kError;
}

}  // namespace

HttpCaller::HttpCaller(base::http::Exchange& exchange, base::Loop& loop, Record& record,
                       std::chrono::milliseconds keep_alive, StreamKeeper* keeper)
    : exchange_(exchange), loop_(loop), record_(record), keep_alive_(keep_alive), keeper_(keeper) {
  ArmKeepAlive();
}

void HttpCaller::ArmKeepAlive() {
  if (plain_ || ended_) return timer_.Disarm();
  const auto fire = [](void* self) { base::Spawn(static_cast<HttpCaller*>(self)->KeepAlive()); };
  loop_.timers.Arm(timer_, keep_alive_, fire, this);
}

void HttpCaller::PassTurn() {
  Turn* const next = waiting_;
  if (!next) {
    writing_ = false;
    return;
  }
  waiting_ = next->next;
  next->waiter.resume();
}

base::Task<void> HttpCaller::KeepAlive() {
  // A write in progress keeps the connection alive by itself, and inside an event there is no place
  // for a comment.
  if (writing_ || inside_event_ || plain_ || ended_) {
    ArmKeepAlive();
    co_return;
  }
  writing_ = true;
  base::Result<void> sent;
  if (!events_) sent = co_await StartEvents();
  if (sent) co_await Write(kKeepAliveComment);
  if (exchange_.cancel().requested()) timer_.Disarm();
  PassTurn();  // nothing of ours is touched after this
}

base::Result<void> HttpCaller::Forgive(base::Result<void> result) const {
  if (!result && keeper_ && result.error().code == base::Code::kCancelled) return {};
  return result;
}

base::Task<base::Result<void>> HttpCaller::StartEvents() {
  events_ = true;
  record_.http_status = 200;
  const auto all = EventFields(record_.request_id);
  const std::span<const base::http::Field> fields(all.data(),
                                                  all.size() - record_.request_id.empty());
  base::Result<void> started = co_await exchange_.StartStream(200, fields);
  if (started && keeper_) keeper_->Begin(opening_);
  co_return started;
}

base::Task<base::Result<void>> HttpCaller::Write(std::string_view bytes) {
  base::Result<void> result;
  if (opening_.empty()) {
    result = co_await exchange_.Write(bytes);
  } else {
    // In one write with what comes first.
    const std::string both = std::exchange(opening_, {}).append(bytes);
    result = co_await exchange_.Write(both);
  }
  ArmKeepAlive();
  if (!result && keeper_) keeper_->Detach();
  co_return Forgive(std::move(result));
}

base::Task<base::Result<void>> HttpCaller::WriteEvent(std::string_view message, bool is_error) {
  std::string event;
  event.reserve(message.size() + 96);
  if (keeper_) {
    keeper_->Keep(message, is_error, event);
    if (event.empty()) co_return base::Result<void>();
  } else {
    if (inside_event_) event += "\n\n";
    AppendEvent(event, message);
  }
  co_return co_await Write(event);
}

base::Task<base::Result<void>> HttpCaller::Notify(std::string_view message) {
  if (keeper_) co_await keeper_->Room();
  Turn turn(*this);
  co_await turn;
  base::Result<void> sent;
  if (!events_) sent = Forgive(co_await StartEvents());
  if (sent) sent = co_await WriteEvent(message, false);
  PassTurn();
  co_return sent;
}

base::Task<base::Result<std::string>> HttpCaller::Ask(std::string_view request,
                                                      base::CancelSignal& cancel) {
  if (!keeper_) co_return co_await Client::Ask(request, cancel);
  co_return co_await keeper_->Ask(*this, request, cancel);
}

base::Task<base::Result<void>> HttpCaller::BreakOff() {
  if (!keeper_) co_return co_await Client::BreakOff();
  Turn turn(*this);
  co_await turn;
  base::Result<void> sent;
  if (!events_) sent = Forgive(co_await StartEvents());
  if (sent && !ended_) {
    co_await Write({});
    keeper_->Detach();
    timer_.Disarm();
    ended_ = true;
    co_await exchange_.FinishStream();
    // What the caller sends next must not wait behind this call.
    exchange_.CloseConnection();
  }
  PassTurn();
  co_return sent;
}

base::Task<base::Result<void>> HttpCaller::Relay(Source& source) {
  if (source.form() == Source::Form::kEventStream) {
    if (keeper_) co_return co_await RelayKeptEvents(source);
    co_return co_await RelayEvents(source);
  }
  base::Result<std::string_view> piece = co_await source.Next();
  if (!piece) co_return piece.error();
  if (piece->empty())
    co_return base::Fail(base::Code::kUnavailable, "the server's answer is empty");
  Turn turn(*this);
  co_await turn;
  base::Result<void> sent;
  // GCC 12 ends a result twice when awaits stand in a conditional expression.
  if (events_) {
    watch_.Feed(*piece);
    sent = co_await RelayJsonAsEvent(source, *piece);
  } else {
    plain_ = true;
    timer_.Disarm();
    record_.http_status = 200;
    const std::array<base::http::Field, 2> all = {kJsonType, {"X-Request-Id", record_.request_id}};
    const std::span<const base::http::Field> fields(all.data(), record_.request_id.empty() ? 1 : 2);
    if (piece->size() == source.length() || source.complete()) {
      ended_ = true;
      whole_outcome_ = OutcomeOf(*piece);
      sent = Forgive(co_await exchange_.Respond(200, fields, *piece));
    } else {
      sent = co_await RelayJson(source, *piece, fields);
    }
  }
  PassTurn();
  co_return sent;
}

// An answer that comes in pieces.
base::Task<base::Result<void>> HttpCaller::RelayJson(Source& source, std::string_view first,
                                                     std::span<const base::http::Field> fields) {
  watch_.Feed(first);
  base::Result<void> sent = Forgive(co_await exchange_.StartStream(200, fields, source.length()));
  base::Result<std::string_view> piece = first;
  while (sent && !piece->empty()) {
    sent = co_await Write(*piece);
    if (!sent) break;
    piece = co_await source.Next();
    if (!piece) co_return piece.error();
    watch_.Feed(*piece);
  }
  if (!sent) co_return sent;
  ended_ = true;
  co_return Forgive(co_await exchange_.FinishStream());
}

// Comments or notifications went before: the message becomes the last event. Line breaks in JSON
// are white space.
base::Task<base::Result<void>> HttpCaller::RelayJsonAsEvent(Source& source,
                                                            std::string_view first) {
  std::string event = keeper_ ? "" : "event: message\ndata: ";
  inside_event_ = true;
  base::Result<std::string_view> piece = first;
  while (!piece->empty()) {
    for (const char c : *piece) event += c == '\n' || c == '\r' ? ' ' : c;
    if (!keeper_) {
      base::Result<void> sent = co_await Write(event);
      if (!sent) co_return sent;
      event.clear();
    } else if (event.size() > kMaxEventBytes) {
      co_return base::Fail(base::Code::kResourceExhausted, "the answer is too long for an event");
    }
    piece = co_await source.Next();
    if (!piece) co_return piece.error();
    watch_.Feed(*piece);
  }
  base::Result<void> sent;
  if (keeper_) {
    sent = co_await WriteEvent(event, IsErrorAnswer(event));
  } else {
    sent = co_await Write("\n\n");
  }
  inside_event_ = false;
  if (sent) co_await Finish();
  co_return sent;
}

base::Task<base::Result<void>> HttpCaller::RelayEvents(Source& source) {
  for (;;) {
    const base::Result<std::string_view> piece = co_await source.Next();
    if (!piece) co_return piece.error();
    Turn turn(*this);
    co_await turn;
    base::Result<void> sent;
    const bool at_end = piece->empty();
    bool done = at_end;
    if (at_end) {
      if (watch_.has_answer()) {
        co_await Finish();
      } else {
        sent =
            base::Fail(base::Code::kUnavailable, "the server ended its stream without an answer");
      }
    } else {
      watch_.Feed(*piece);
      if (!events_ && source.complete() && watch_.has_answer()) {
        sent = co_await SendEvents(*piece);
        done = true;
      } else {
        if (!events_) sent = co_await StartEvents();
        inside_event_ = true;
        if (sent) sent = co_await Write(*piece);
        inside_event_ = !watch_.at_event_boundary();
      }
    }
    PassTurn();
    if (done || !sent) co_return sent;
  }
}

// In a session each event gets an id of ours, and is kept.
base::Task<base::Result<void>> HttpCaller::RelayKeptEvents(Source& source) {
  SseParser parser;
  bool answered = false;
  while (!answered) {
    const base::Result<std::string_view> piece = co_await source.Next();
    if (!piece) co_return piece.error();
    if (piece->empty())
      co_return base::Fail(base::Code::kUnavailable,
                           "the server ended its stream without an answer");
    watch_.Feed(*piece);
    co_await keeper_->Room();
    Turn turn(*this);
    co_await turn;
    // What came at once goes out at once, and needs no ids: it arrives as a whole or not at all.
    const bool whole = !events_ && source.complete() && watch_.has_answer();
    base::Result<void> sent;
    if (!events_ && !whole) sent = Forgive(co_await StartEvents());
    std::string events;
    parser.Feed(*piece);
    while (sent) {
      const auto event = parser.Next();
      if (!event) sent = event.error();
      if (!event || !*event) break;
      const std::string_view message = (*event)->data;
      if (message.empty()) continue;
      const bool is_answer = IsAnswer(message);
      answered = answered || is_answer;
      if (whole) {
        AppendEvent(events, message);
      } else {
        keeper_->Keep(message, is_answer && IsErrorAnswer(message), events);
      }
    }
    if (sent && whole) {
      sent = co_await SendEvents(events);
    } else if (sent && !events.empty()) {
      sent = co_await Write(events);
    }
    if (sent && answered && !whole) co_await Finish();
    PassTurn();
    if (!sent) co_return sent;
  }
  co_return base::Result<void>();
}

// A whole stream, which came at once: it goes out at once.
base::Task<base::Result<void>> HttpCaller::SendEvents(std::string_view stream) {
  events_ = ended_ = true;
  timer_.Disarm();
  record_.http_status = 200;
  const auto all = EventFields(record_.request_id);
  const std::span<const base::http::Field> fields(all.data(),
                                                  all.size() - record_.request_id.empty());
  co_return Forgive(co_await exchange_.Respond(200, fields, stream));
}

bool HttpCaller::PrefersEvents() const {
  return keeper_ &&
         exchange_.head().fields.Find("Accept").value_or("").starts_with("text/event-stream");
}

base::Task<void> HttpCaller::Answer(int status, std::string_view message,
                                    std::span<const base::http::Field> fields) {
  Turn turn(*this);
  co_await turn;
  if (!events_ && !ended_ && !plain_ && status == 200 && PrefersEvents())
    (void)co_await StartEvents();
  if (!events_) {
    // One that broke off in mid-body: the connection is closed, so that the caller sees it.
    if (ended_ || plain_) co_return PassTurn();
    timer_.Disarm();
    ended_ = true;
    record_.http_status = status;
    co_await exchange_.Respond(status, fields, message);
    co_return PassTurn();
  }
  // A stream that was broken off has its answer too: it waits to be fetched.
  if (!ended_ || keeper_) {
    const base::Result<void> sent = co_await WriteEvent(message, keeper_ && IsErrorAnswer(message));
    if (sent) co_await Finish();
  }
  PassTurn();
}

base::Task<void> HttpCaller::Finish() {
  timer_.Disarm();
  if (keeper_) keeper_->End();
  if (!events_ || std::exchange(ended_, true)) co_return;
  co_await exchange_.FinishStream();
}

base::Task<void> HttpCaller::End() {
  Turn turn(*this);
  co_await turn;
  co_await Finish();
  PassTurn();
}

base::Task<void> HttpCaller::EndUnanswered() {
  Turn turn(*this);
  co_await turn;
  if (!events_ && !plain_ && !ended_) {
    events_ = true;
    record_.http_status = 200;
    const auto all = EventFields(record_.request_id);
    const std::span<const base::http::Field> fields(all.data(),
                                                    all.size() - record_.request_id.empty());
    co_await exchange_.StartStream(200, fields);
  }
  co_await Finish();
  PassTurn();
}

}  // namespace mcp
