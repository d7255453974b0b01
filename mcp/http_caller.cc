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

}  // namespace

HttpCaller::HttpCaller(base::http::Exchange& exchange, base::Loop& loop, Record& record,
                       std::chrono::milliseconds keep_alive, bool outlives_peer)
    : exchange_(exchange),
      loop_(loop),
      record_(record),
      keep_alive_(keep_alive),
      outlives_peer_(outlives_peer) {
  ArmKeepAlive();
}

void HttpCaller::ArmKeepAlive() {
  if (plain_ || ended_) return timer_.Disarm();
  const auto fire = [](void* self) { base::Spawn(static_cast<HttpCaller*>(self)->KeepAlive()); };
  loop_.timers.Arm(timer_, keep_alive_, fire, this);
}

base::Task<void> HttpCaller::KeepAlive() {
  // A write in progress keeps the connection alive by itself, and inside an event there is no place
  // for a comment.
  if (busy_ || inside_event_ || plain_ || ended_) {
    ArmKeepAlive();
    co_return;
  }
  keep_alive_writing_ = true;
  base::Result<void> sent;
  if (!events_) sent = co_await StartEvents();
  if (sent) sent = co_await exchange_.Write(kKeepAliveComment);
  keep_alive_writing_ = false;
  if (sent) ArmKeepAlive();
  // Whoever waited may end the exchange, and us with it: nothing of ours is touched after this.
  if (const auto waiter = std::exchange(waiter_, nullptr)) waiter.resume();
}

base::Result<void> HttpCaller::Forgive(base::Result<void> result) const {
  if (!result && outlives_peer_ && result.error().code == base::Code::kCancelled) return {};
  return result;
}

base::Task<base::Result<void>> HttpCaller::StartEvents() {
  events_ = true;
  record_.http_status = 200;
  const auto all = EventFields(record_.request_id);
  const std::span<const base::http::Field> fields(all.data(),
                                                  all.size() - record_.request_id.empty());
  co_return co_await exchange_.StartStream(200, fields);
}

base::Task<base::Result<void>> HttpCaller::Write(std::string_view bytes) {
  busy_ = true;
  base::Result<void> result = co_await exchange_.Write(bytes);
  busy_ = false;
  ArmKeepAlive();
  co_return Forgive(std::move(result));
}

base::Task<base::Result<void>> HttpCaller::Notify(std::string_view message) {
  co_await Idle{*this};
  if (!events_) {
    busy_ = true;
    base::Result<void> started = Forgive(co_await StartEvents());
    busy_ = false;
    if (!started) co_return started;
  }
  std::string event;
  event.reserve(message.size() + 32);
  AppendEvent(event, message);
  co_return co_await Write(event);
}

base::Task<base::Result<void>> HttpCaller::Relay(Source& source) {
  if (source.form() == Source::Form::kEventStream) co_return co_await RelayEvents(source);
  co_return co_await RelayJson(source);
}

base::Task<base::Result<void>> HttpCaller::RelayJson(Source& source) {
  base::Result<std::string_view> piece = co_await source.Next();
  if (!piece) co_return piece.error();
  if (piece->empty())
    co_return base::Fail(base::Code::kUnavailable, "the server's answer is empty");
  co_await Idle{*this};
  if (events_) {
    watch_.Feed(*piece);
    co_return co_await RelayJsonAsEvent(source, *piece);
  }
  plain_ = true;
  timer_.Disarm();
  record_.http_status = 200;
  const std::array<base::http::Field, 2> all = {kJsonType, {"X-Request-Id", record_.request_id}};
  const std::span<const base::http::Field> fields(all.data(), record_.request_id.empty() ? 1 : 2);
  if (piece->size() == source.length() || source.complete()) {
    ended_ = true;
    whole_outcome_ = OutcomeOf(*piece);
    co_return Forgive(co_await exchange_.Respond(200, fields, *piece));
  }
  watch_.Feed(*piece);
  base::Result<void> sent = Forgive(co_await exchange_.StartStream(200, fields, source.length()));
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
  std::string event = "event: message\ndata: ";
  inside_event_ = true;
  base::Result<std::string_view> piece = first;
  while (!piece->empty()) {
    for (const char c : *piece) event += c == '\n' || c == '\r' ? ' ' : c;
    base::Result<void> sent = co_await Write(event);
    if (!sent) co_return sent;
    event.clear();
    piece = co_await source.Next();
    if (!piece) co_return piece.error();
    watch_.Feed(*piece);
  }
  base::Result<void> sent = co_await Write("\n\n");
  inside_event_ = false;
  if (sent) co_await End();
  co_return sent;
}

base::Task<base::Result<void>> HttpCaller::RelayEvents(Source& source) {
  for (;;) {
    const base::Result<std::string_view> piece = co_await source.Next();
    if (!piece) co_return piece.error();
    co_await Idle{*this};
    if (piece->empty()) break;
    watch_.Feed(*piece);
    if (!events_ && source.complete() && watch_.has_answer()) co_return co_await SendEvents(*piece);
    if (!events_) {
      busy_ = true;
      base::Result<void> started = Forgive(co_await StartEvents());
      busy_ = false;
      if (!started) co_return started;
    }
    inside_event_ = true;
    base::Result<void> sent = co_await Write(*piece);
    inside_event_ = !watch_.at_event_boundary();
    if (!sent) co_return sent;
  }
  if (!watch_.has_answer()) {
    co_return base::Fail(base::Code::kUnavailable, "the server ended its stream without an answer");
  }
  co_await End();
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

base::Task<void> HttpCaller::Answer(int status, std::string_view message,
                                    std::span<const base::http::Field> fields) {
  co_await Idle{*this};
  if (ended_) co_return;
  if (plain_)
    co_return;  // it broke off in mid-body: the connection is closed, so that the caller sees it
  timer_.Disarm();
  if (!events_) {
    ended_ = true;
    record_.http_status = status;
    co_await exchange_.Respond(status, fields, message);
    co_return;
  }
  std::string event;
  event.reserve(message.size() + 32);
  if (inside_event_) event += "\n\n";
  AppendEvent(event, message);
  const base::Result<void> sent = co_await Write(event);
  if (sent) co_await End();
}

base::Task<void> HttpCaller::End() {
  co_await Idle{*this};
  timer_.Disarm();
  if (!events_ || std::exchange(ended_, true)) co_return;
  co_await exchange_.FinishStream();
}

}  // namespace mcp
