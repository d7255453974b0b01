#include "mcp/legacy/own_stream.h"

#include <algorithm>
#include <array>
#include <utility>

#include "mcp/legacy/listening.h"
#include "mcp/sse.h"

namespace mcp::legacy {
namespace {

using base::http::Field;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What a Handler may take to acknowledge before the stream begins without it.
constexpr milliseconds kAcknowledgeWithin{1'000};
// A caller whose connection is gone is listened for so long.
constexpr milliseconds kAfterHangup{30'000};
constexpr milliseconds kFirstBackOff{500};
constexpr milliseconds kMaxBackOff{30'000};
constexpr milliseconds kLong{60'000};

milliseconds Until(steady_clock::time_point then) {
  return std::max(std::chrono::ceil<milliseconds>(then - steady_clock::now()), milliseconds(0));
}

// Rings a bell when a signal is requested, so that one wait hears of both.
class RingOn {
 public:
  RingOn(base::CancelSignal& signal, base::Doorbell& bell) : hook_(signal, Ring{&bell}) {
    if (signal.requested()) bell.Ring();
  }

 private:
  struct Ring {
    base::Doorbell* bell;
    void operator()() const { bell->Ring(); }
  };
  base::CancelSignal::Hook<Ring> hook_;
};

base::Task<base::Result<void>> StartEvents(EndpointExchange& in) {
  const std::array<Field, 4> all = {{{"Content-Type", "text/event-stream"},
                                     {"Cache-Control", "no-cache, no-transform"},
                                     {"X-Accel-Buffering", "no"},
                                     {"X-Request-Id", in.record.request_id}}};
  in.record.http_status = 200;
  const std::span<const Field> fields(all.data(), all.size() - in.record.request_id.empty());
  co_return co_await in.exchange.StartStream(200, fields);
}

base::Task<void> RefuseVerb(EndpointExchange& in) {
  const Field allow[] = {{"Allow", "POST, DELETE"}};
  co_await in.RefuseText(405, kInvalidRequest, "There is no stream to follow.", "MethodNotAllowed",
                         allow);
}

bool Ending(const EndpointExchange& in) {
  return in.options.ending && in.options.ending->requested();
}

}  // namespace

OwnStream::OwnStream(EndpointExchange& in, SessionPointer session)
    : in_(in), session_(std::move(session)), log_(session_->own_log()) {}

OwnStream::~OwnStream() = default;

void OwnStream::Listen() {
  auto& place = current_ ? next_ : current_;
  place = std::make_unique<Listening>(in_, *session_, *log_, follower_->bell(),
                                      session_->subscriptions());
  place->Start();
}

base::Task<void> OwnStream::ServeGet(const EventId* last_event) {
  const bool ours = last_event && !last_event->of_call && last_event->epoch == session_->epoch();
  const std::uint64_t last = log_->last();
  const std::uint64_t after = ours ? std::min(last_event->number, last) : last;
  follower_ = std::make_unique<EventLog::Follower>(*log_, in_.loop, after);
  listener_ = std::make_unique<CallerSession::Listener>(*session_, follower_->bell());
  Listen();
  const auto begin_at = steady_clock::now() + kAcknowledgeWithin;
  while (!current_->acknowledged() && !current_->done() && Until(begin_at).count() > 0) {
    const auto woken = co_await follower_->bell().Wait(Until(begin_at), in_.exchange.cancel());
    if (woken == base::Doorbell::Woken::kCancelled) break;
  }
  if (current_->done() && !current_->acknowledged()) {
    // Nothing will be pushed. (A stream that closes would make clients come back for ever.)
    listener_.reset();
    follower_.reset();
    co_return co_await RefuseVerb(in_);
  }
  const bool begun = co_await Begin(log_->Opening(after));
  if (begun) co_await Run();
  co_await StopListening();
}

base::Task<void> OwnStream::ServeSse(std::string_view opening) {
  follower_ = std::make_unique<EventLog::Follower>(*log_, in_.loop, log_->last());
  listener_ = std::make_unique<CallerSession::Listener>(*session_, follower_->bell());
  const bool begun = co_await Begin(opening);
  if (begun) co_await Run();
  CallerSession::End(session_);
  co_await StopListening();
}

base::Task<bool> OwnStream::Begin(std::string_view opening) {
  in_.record.outcome = Outcome::kOk;
  const base::Result<void> started = co_await StartEvents(in_);
  if (!started) co_return false;
  co_return co_await Write(opening);
}

base::Task<bool> OwnStream::Write(std::string_view bytes) {
  written_at_ = steady_clock::now();
  if (bytes.empty()) co_return true;
  const base::Result<void> sent = co_await in_.exchange.Write(bytes);
  co_return sent.has_value();
}

OwnStream::Next OwnStream::Supervise() {
  if (Ending(in_) || session_->ended()) return Next::kFinish;
  if (listener_->replaced()) return Next::kFinish;
  std::erase_if(retired_, [](const auto& one) { return one->done(); });
  const auto now = steady_clock::now();
  const std::uint64_t subscribed = session_->subscriptions_version();
  if (next_ && (next_->acknowledged() || next_->done())) {
    current_->cancel.Request();
    retired_.push_back(std::exchange(current_, std::move(next_)));
  }
  if (current_ && current_->acknowledged()) {
    back_off_ = milliseconds(0);
    listener_->Listens(current_->hears_session() ? subscribed : current_->version());
  }
  if (current_ && current_->done()) {
    if (current_->ended_well() && current_->acknowledged()) return Next::kFinish;
    // What nobody can listen to is not waited for.
    listener_->Listens(current_->version());
    current_.reset();
    back_off_ = std::clamp(2 * back_off_, kFirstBackOff, kMaxBackOff);
    listen_at_ = now + back_off_;
  }
  // Who has not said what it can do cannot be listened for yet (2024-11-05).
  if (!current_ && now >= listen_at_ && session_->introduced()) Listen();
  const bool is_outdated =
      current_ && current_->version() != subscribed && !current_->hears_session();
  if (is_outdated && !next_) Listen();
  return Next::kGoOn;
}

base::Task<void> OwnStream::Run() {
  const RingOn on_hangup(in_.exchange.cancel(), follower_->bell());
  base::CancelSignal& ending = in_.options.ending ? *in_.options.ending : never_;
  const RingOn on_ending(ending, follower_->bell());
  for (;;) {
    const Next next = Supervise();
    if (next == Next::kFinish) break;
    if (gone()) {
      if (session_->facts().over_sse) co_return;
      if (gone_at_ == steady_clock::time_point()) gone_at_ = steady_clock::now();
      if (Until(gone_at_ + kAfterHangup).count() == 0) co_return;
    } else {
      EventLog::Follower::Taken taken = follower_->Take();
      if (!taken.text.empty()) {
        // What could not be written is still in the log for who comes back.
        (void)co_await Write(taken.text);
        continue;
      }
      if (taken.state == EventLog::Follower::State::kFull) co_return;
      if (taken.state != EventLog::Follower::State::kOpen) break;
      if (Until(written_at_ + in_.options.keep_alive).count() == 0) {
        (void)co_await Write(kKeepAliveComment);
        continue;
      }
    }
    milliseconds patience =
        Until(gone() ? gone_at_ + kAfterHangup : written_at_ + in_.options.keep_alive);
    if (!current_ && session_->introduced()) patience = std::min(patience, Until(listen_at_));
    (void)co_await follower_->bell().Wait(patience, never_);
  }
  if (!gone()) co_await in_.exchange.FinishStream();
}

// The calls use what is in our frame.
base::Task<void> OwnStream::StopListening() {
  listener_.reset();
  for (auto* one : {&current_, &next_}) {
    if (*one) retired_.push_back(std::move(*one));
  }
  for (const auto& one : retired_) one->cancel.Request();
  for (;;) {
    std::erase_if(retired_, [](const auto& one) { return one->done(); });
    if (retired_.empty()) co_return;
    (void)co_await follower_->bell().Wait(kLong, never_);
  }
}

base::Task<void> ServeRest(EndpointExchange& in, CallerSession& session,
                           const EventId& last_event) {
  const std::shared_ptr<EventLog> log = session.FindLog(last_event);
  if (!log && !last_event.request.empty()) {
    // The caller waits for an answer that went with our other life. This event has an id of no
    // stream, so that the caller is told with 405 when it comes back once more.
    CallError error;
    error.code = kUpstreamUnavailable;
    error.message = "The call was lost when the gateway was restarted. Repeat it.";
    error.reason = "CallLost";
    EventId nowhere;
    nowhere.of_call = true;
    const std::string message = ErrorMessage(last_event.request, error, in.record.request_id);
    const base::Result<Envelope> valid = Scan(message);
    if (!valid) co_return co_await RefuseVerb(in);
    std::string event;
    AppendEvent(event, message, nowhere.ToString());
    in.record.outcome = Outcome::kOk;
    const base::Result<void> started = co_await StartEvents(in);
    if (started) (void)co_await in.exchange.Write(event);
    if (started) (void)co_await in.exchange.FinishStream();
    co_return;
  }
  if (!log || !log->HasNews(last_event.number)) co_return co_await RefuseVerb(in);

  in.record.outcome = Outcome::kOk;
  EventLog::Follower follower(*log, in.loop, last_event.number);
  const base::Result<void> started = co_await StartEvents(in);
  if (!started) co_return;
  base::Result<void> sent = co_await in.exchange.Write(log->Opening(last_event.number));
  while (sent) {
    const EventLog::Follower::Taken taken = follower.Take();
    if (!taken.text.empty()) {
      sent = co_await in.exchange.Write(taken.text);
      continue;
    }
    if (taken.state != EventLog::Follower::State::kOpen) {
      (void)co_await in.exchange.FinishStream();
      co_return;
    }
    const auto woken = co_await follower.bell().Wait(in.options.keep_alive, in.exchange.cancel());
    if (woken == base::Doorbell::Woken::kCancelled) co_return;
    if (woken == base::Doorbell::Woken::kExpired)
      sent = co_await in.exchange.Write(kKeepAliveComment);
  }
}

}  // namespace mcp::legacy
