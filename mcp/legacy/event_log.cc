#include "mcp/legacy/event_log.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/auth/api_key.h"
#include "mcp/error.h"
#include "mcp/sse.h"

namespace mcp::legacy {
namespace {

// What one Take gives: enough for a write that is worth its system call.
constexpr std::size_t kPieceBytes = 64 * 1024;
// When a caller whose stream ended early comes back.
constexpr std::string_view kRetry = "retry: 2000\n";
// A follower that takes nothing for so long is not waited for any more.
constexpr std::chrono::milliseconds kRoomPatience{60'000};
// Kept of a stream that went out whole.
constexpr std::size_t kTailBytes = 16 * 1024;
// Longer ids of calls are left out of the ids of their events.
constexpr std::size_t kMaxRequestBytes = 64;

template <class Number>
bool TakeNumber(std::string_view& text, Number& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end == text.data()) return false;
  text.remove_prefix(end - text.data());
  return true;
}

std::string TooLong(std::string_view raw_id) {
  CallError error;
  error.code = kResultTooLarge;
  error.message =
      "The answer came while nobody listened, and is too long to be kept. Repeat the call.";
  error.reason = "ResultTooLarge";
  return ErrorMessage(raw_id, error, {});
}

bool TakeDot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string EventId::ToString() const {
  char hex[16];
  char* end = std::to_chars(hex, hex + sizeof hex, epoch, 16).ptr;
  std::string out(1, of_call ? 'p' : 'g');
  out.append(hex, end);
  out.append(".").append(std::to_string(stream)).append(".").append(std::to_string(number));
  if (of_call && request.size() <= kMaxRequestBytes)
    out.append(".").append(base::auth::Base64UrlEncode(request));
  return out;
}

std::optional<EventId> EventId::Parse(std::string_view text) {
  if (text.size() > 256 || text.empty() || (text.front() != 'p' && text.front() != 'g'))
    return std::nullopt;
  EventId id;
  id.of_call = text.front() == 'p';
  text.remove_prefix(1);
  const bool numbers = TakeNumber(text, id.epoch, 16) && TakeDot(text) &&
                       TakeNumber(text, id.stream, 10) && TakeDot(text) &&
                       TakeNumber(text, id.number, 10);
  if (!numbers) return std::nullopt;
  if (text.empty()) return id;
  const auto request = TakeDot(text) ? base::auth::Base64UrlDecode(text) : std::nullopt;
  if (!request) return std::nullopt;
  id.request = *request;
  return id;
}

// Waits in Room.
class EventLog::Speaker {
 public:
  Speaker(EventLog& log, base::Loop& loop) : bell(loop), log_(log) {}
  Speaker(Speaker&&) = delete;
  ~Speaker() { Leave(); }

  // REQUIRES: the log's mutex is held.
  void Join() {
    next = std::exchange(log_.speakers_, this);
    joined_ = true;
  }
  void Leave() {
    const std::lock_guard lock(log_.mutex_);
    if (!std::exchange(joined_, false)) return;
    Speaker** link = &log_.speakers_;
    while (*link != this) link = &(*link)->next;
    *link = next;
  }

  base::Doorbell bell;
  Speaker* next = nullptr;

 private:
  EventLog& log_;
  bool joined_ = false;
};

EventLog::EventLog(Options options) : options_(std::move(options)) {}
EventLog::~EventLog() = default;

std::string EventLog::IdOf(std::uint64_t number) const {
  EventId id = options_.id;
  id.number = number;
  return id.ToString();
}

std::string EventLog::Opening(std::uint64_t after) const {
  if (!options_.numbered || !options_.primed) return {};
  std::string out = "id: " + IdOf(after);
  return out.append("\n").append(kRetry).append("data: \n\n");
}

void EventLog::Add(std::string_view message, bool is_error, std::string* live) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  if (!live_ && !follower_ && message.size() > options_.max_bytes && options_.id.of_call)
    return AddLocked(TooLong(options_.id.request), true, nullptr);
  AddLocked(message, is_error, live);
}

void EventLog::AddLocked(std::string_view message, bool is_error, std::string* live) {
  Event event{last_ + 1, {}, is_error, false};
  const bool with_id = options_.numbered && !is_error;
  AppendEvent(event.text, message, with_id ? IdOf(event.number) : std::string());
  ++last_;
  if (live_ && live) {
    live->append(event.text);
    event.said = is_error;
  }
  bytes_ += event.text.size();
  if (follower_ || !live_) waiting_bytes_ += event.text.size();
  events_.push_back(std::move(event));
  if (follower_) {
    if (options_.breaks_when_full && waiting_bytes_ > options_.max_bytes)
      follower_->state_ = Follower::State::kFull;
    follower_->bell_.Ring();
  }
  Trim(options_.max_bytes);
}

void EventLog::Trim(std::size_t max_bytes) {
  while (!events_.empty() && (bytes_ > max_bytes || !options_.numbered)) {
    const Event& oldest = events_.front();
    // A follower that still listens loses nothing: it breaks off when it is full, or speakers wait.
    const bool is_wanted = follower_ && oldest.number >= follower_->next_;
    if (is_wanted && follower_->state_ == Follower::State::kOpen) return;
    bytes_ -= oldest.text.size();
    events_.pop_front();
  }
  waiting_bytes_ = std::min(waiting_bytes_, bytes_);
}

void EventLog::Detach() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(live_, false)) return;
  if (!events_.empty()) events_.back().said = false;
}

void EventLog::End() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return;
  ended_at_ = std::chrono::steady_clock::now();
  if (live_) Trim(kTailBytes);
  if (follower_) follower_->bell_.Ring();
}

bool EventLog::Forgettable(std::chrono::milliseconds after) const {
  const std::lock_guard lock(mutex_);
  return ended_ && !follower_ && std::chrono::steady_clock::now() - ended_at_ >= after;
}

base::Task<void> EventLog::Room(base::Loop& loop, base::CancelSignal& cancel) {
  {
    const std::lock_guard lock(mutex_);
    if (!IsFull()) co_return;
  }
  Speaker speaker(*this, loop);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (!IsFull()) break;
      speaker.Join();
    }
    const base::Doorbell::Woken woken = co_await speaker.bell.Wait(kRoomPatience, cancel);
    speaker.Leave();
    if (woken != base::Doorbell::Woken::kRung) break;
  }
}

// Of a stream whose caller is gone too: it may come back, and its call is cancelled soon if not.
bool EventLog::IsFull() const {
  if (live_ || ended_ || waiting_bytes_ <= options_.max_bytes / 2) return false;
  return !follower_ || follower_->state_ == Follower::State::kOpen;
}

void EventLog::RingSpeakers() {
  for (Speaker* speaker = speakers_; speaker; speaker = speaker->next) speaker->bell.Ring();
}

bool EventLog::HasNews(std::uint64_t after) const {
  const std::lock_guard lock(mutex_);
  if (!ended_) return true;
  for (const Event& event : events_) {
    if (event.number > after && !event.said) return true;
  }
  return false;
}

std::uint64_t EventLog::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

bool EventLog::followed() const {
  const std::lock_guard lock(mutex_);
  return follower_ != nullptr;
}

bool EventLog::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

EventLog::Follower::Follower(EventLog& log, base::Loop& loop, std::uint64_t after)
    : log_(log), bell_(loop), next_(after + 1) {
  const std::lock_guard lock(log_.mutex_);
  if (Follower* older = std::exchange(log_.follower_, this)) {
    older->state_ = State::kReplaced;
    older->bell_.Ring();
  }
  log_.live_ = false;
  log_.waiting_bytes_ = 0;
  for (const Event& event : log_.events_) {
    if (event.number >= next_) log_.waiting_bytes_ += event.text.size();
  }
}

EventLog::Follower::~Follower() {
  const std::lock_guard lock(log_.mutex_);
  if (log_.follower_ != this) return;
  log_.follower_ = nullptr;
  log_.RingSpeakers();
  log_.Trim(log_.options_.max_bytes);
}

EventLog::Follower::Taken EventLog::Follower::Take() {
  Taken taken;
  const std::lock_guard lock(log_.mutex_);
  taken.state = state_;
  if (state_ != State::kOpen) return taken;
  // Numbers are without gaps; what was dropped before it was taken is lost.
  const std::uint64_t first = log_.events_.empty() ? log_.last_ + 1 : log_.events_.front().number;
  next_ = std::max(next_, first);
  for (; next_ <= log_.last_; ++next_) {
    Event& event = log_.events_[next_ - first];
    if (!taken.text.empty() && taken.text.size() + event.text.size() > kPieceBytes) break;
    log_.waiting_bytes_ -= event.text.size();
    if (std::exchange(event.said, event.is_error)) continue;
    taken.text += event.text;
  }
  if (log_.ended_ && next_ > log_.last_) taken.state = State::kEnded;
  if (log_.waiting_bytes_ <= log_.options_.max_bytes / 2) log_.RingSpeakers();
  log_.Trim(log_.options_.max_bytes);
  return taken;
}

}  // namespace mcp::legacy
