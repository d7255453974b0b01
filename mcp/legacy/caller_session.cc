#include "mcp/legacy/caller_session.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/auth/api_key.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

// Streams of calls that are over and may still be resumed.
constexpr std::size_t kMaxEndedLogs = 4;
// Nobody comes back for a stream after that.
constexpr std::chrono::milliseconds kForgetAfter{30'000};
constexpr std::size_t kMaxUriBytes = 2048;
// Unsent notifications of one stream (product.md).
constexpr std::size_t kOwnLogBytes = 1024 * 1024;
constexpr std::chrono::milliseconds kSettle{2'000};

template <class Number>
Number RandomNumber() {
  Number number;
  std::memcpy(&number, base::auth::RandomBytes(sizeof number).data(), sizeof number);
  return number;
}

EventLog::Options OptionsOf(const CallerSession::Facts& facts, EventId id) {
  EventLog::Options options;
  options.id = std::move(id);
  options.numbered = !facts.over_sse;
  options.primed = facts.revision >= Revision::k2025_11_25;
  return options;
}

EventLog::Options OwnOptions(const CallerSession::Facts& facts, std::uint32_t epoch) {
  EventId id;
  id.epoch = epoch;
  EventLog::Options options = OptionsOf(facts, id);
  options.max_bytes = kOwnLogBytes;
  // Answers wait for room, notifications do not.
  options.breaks_when_full = !facts.over_sse;
  return options;
}

}  // namespace

CallerSession::CallerSession(Facts facts)
    : facts_(std::move(facts)),
      epoch_(RandomNumber<std::uint32_t>()),
      own_log_(std::make_shared<EventLog>(OwnOptions(facts_, epoch_))),
      // 40 bits: exact in JavaScript too.
      next_question_(RandomNumber<std::uint64_t>() >> 24) {
  if (facts_.over_sse) introducing_ = introduced_ = false;
}

CallerSession::~CallerSession() = default;

bool CallerSession::Introduce(Revision revision, std::string_view client_info,
                              std::string_view client_capabilities) {
  if (introducing_.exchange(true)) return false;
  facts_.revision = revision;
  facts_.client_info = client_info;
  facts_.client_capabilities = client_capabilities;
  facts_.client_name = DecodeString(Member(client_info, "name"));
  facts_.client_version = DecodeString(Member(client_info, "version"));
  introduced_.store(true, std::memory_order_release);
  // Whoever listens for the session can begin now.
  const std::lock_guard lock(mutex_);
  if (listener_) listener_->bell_.Ring();
  return true;
}

// ---- Calls

CallerSession::Running::Running(CallerSession& session, std::string_view raw_id, base::Loop& loop,
                                base::CancelSignal& cancel)
    : session_(session), raw_id_(raw_id), loop_(loop), cancel_(cancel) {
  const std::lock_guard lock(session_.mutex_);
  next_ = session_.running_;
  if (next_) next_->previous_ = this;
  session_.running_ = this;
  log_level_ = session_.log_level_;
  cancelled_ = session_.ended_;
}

CallerSession::Running::~Running() {
  const std::lock_guard lock(session_.mutex_);
  if (next_) next_->previous_ = previous_;
  (previous_ ? previous_->next_ : session_.running_) = next_;
}

void CallerSession::Cancel(const std::shared_ptr<CallerSession>& session, std::string_view raw_id) {
  const std::lock_guard lock(session->mutex_);
  for (Running* call = session->running_; call; call = call->next_) {
    if (raw_id.empty() || call->raw_id_ != raw_id) continue;
    // It may be over when this arrives, so it is looked for again: on its own thread it stays where
    // it is.
    base::Loop& loop = call->loop_;
    loop.Post([session, &loop, raw_id = std::string(raw_id)] {
      std::vector<Running*> found;
      {
        const std::lock_guard again(session->mutex_);
        for (Running* running = session->running_; running; running = running->next_) {
          if (&running->loop_ == &loop && running->raw_id_ == raw_id) found.push_back(running);
        }
      }
      for (Running* running : found) {
        running->cancelled_ = true;
        running->cancel_.Request();
      }
    });
  }
}

void CallerSession::End(const std::shared_ptr<CallerSession>& session) {
  const std::lock_guard lock(session->mutex_);
  if (std::exchange(session->ended_, true)) return;
  for (const auto& [id, question] : session->questions_) question->bell_.Ring();
  if (session->listener_) session->listener_->bell_.Ring();
  session->RingSettling();
  session->own_log_->End();
  std::vector<base::Loop*> loops;
  for (Running* call = session->running_; call; call = call->next_) {
    if (std::find(loops.begin(), loops.end(), &call->loop_) == loops.end())
      loops.push_back(&call->loop_);
  }
  for (base::Loop* loop : loops) {
    loop->Post([session, loop] {
      std::vector<Running*> found;
      {
        const std::lock_guard again(session->mutex_);
        for (Running* running = session->running_; running; running = running->next_) {
          if (&running->loop_ == loop) found.push_back(running);
        }
      }
      for (Running* running : found) {
        running->cancelled_ = true;
        running->cancel_.Request();
      }
    });
  }
}

bool CallerSession::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

// ---- Questions

base::Result<void> CallerSession::Question::Pose(Question& question) {
  CallerSession& session = question.session_;
  const std::lock_guard lock(session.mutex_);
  if (session.ended_) return base::Fail(base::Code::kCancelled, "the session has ended");
  if (session.questions_.size() >= kMaxQuestions) {
    return base::Fail(base::Code::kResourceExhausted, "the caller has not answered " +
                                                          std::to_string(kMaxQuestions) +
                                                          " questions that it was asked before");
  }
  question.raw_id_ = std::to_string(session.next_question_++);
  question.posed_ = true;
  session.questions_.emplace(question.raw_id_, &question);
  return {};
}

CallerSession::Question::~Question() {
  const std::lock_guard lock(session_.mutex_);
  if (posed_) session_.questions_.erase(raw_id_);
}

std::string CallerSession::Question::TakeAnswer() {
  const std::lock_guard lock(session_.mutex_);
  return std::move(answer_);
}

bool CallerSession::Answer(std::string_view raw_id, std::string_view message) {
  const std::lock_guard lock(mutex_);
  const auto found = questions_.find(std::string(raw_id));
  if (found == questions_.end()) return false;
  Question& question = *found->second;
  question.posed_ = false;
  question.answer_ = message;
  questions_.erase(found);
  question.bell_.Ring();
  return true;
}

// ---- Streams

std::shared_ptr<EventLog> CallerSession::OpenLog(std::string_view raw_request_id) {
  const std::lock_guard lock(mutex_);
  DropOldLogs();
  if (logs_.size() >= kMaxLogs) return nullptr;
  EventId id;
  id.of_call = true;
  id.epoch = epoch_;
  id.stream = next_log_++;
  id.request = raw_request_id;
  logs_.push_back(std::make_shared<EventLog>(OptionsOf(facts_, std::move(id))));
  return logs_.back();
}

void CallerSession::Tidy() {
  const std::lock_guard lock(mutex_);
  DropOldLogs();
}

void CallerSession::DropOldLogs() {
  std::erase_if(logs_, [](const auto& log) { return log->Forgettable(kForgetAfter); });
  const auto ended = static_cast<std::size_t>(
      std::count_if(logs_.begin(), logs_.end(), [](const auto& log) { return log->ended(); }));
  std::size_t surplus = ended > kMaxEndedLogs ? ended - kMaxEndedLogs : 0;
  std::erase_if(logs_, [&](const auto& log) { return surplus > 0 && log->ended() && surplus--; });
}

std::shared_ptr<EventLog> CallerSession::FindLog(const EventId& id) const {
  if (!id.of_call || id.epoch != epoch_) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(logs_.begin(), logs_.end(),
                                  [&](const auto& log) { return log->id().stream == id.stream; });
  return found == logs_.end() || id.number > (*found)->last() ? nullptr : *found;
}

// ---- What the caller wants to hear

void CallerSession::SetLogLevel(std::string_view raw_level) {
  const std::lock_guard lock(mutex_);
  log_level_ = raw_level.substr(0, 32);
}

CallerSession::Subscriptions CallerSession::subscriptions() const {
  const std::lock_guard lock(mutex_);
  return {uris_version_, std::vector<std::string>(uris_.begin(), uris_.end())};
}

bool CallerSession::MaySubscribe(std::string_view uri) const {
  const std::lock_guard lock(mutex_);
  return uris_.contains(uri) || (uris_.size() < kMaxSubscriptions && uri.size() <= kMaxUriBytes);
}

void CallerSession::Subscribe(std::string_view uri) {
  if (!MaySubscribe(uri)) return;
  const std::lock_guard lock(mutex_);
  if (!uris_.emplace(uri).second) return;
  ++uris_version_;
  if (listener_) listener_->bell_.Ring();
}

void CallerSession::Unsubscribe(std::string_view uri) {
  const std::lock_guard lock(mutex_);
  const auto found = uris_.find(uri);
  if (found == uris_.end()) return;
  uris_.erase(found);
  ++uris_version_;
  if (listener_) listener_->bell_.Ring();
}

std::uint64_t CallerSession::subscriptions_version() const {
  const std::lock_guard lock(mutex_);
  return uris_version_;
}

CallerSession::Listener::Listener(CallerSession& session, base::Doorbell& bell)
    : session_(session), bell_(bell) {
  const std::lock_guard lock(session_.mutex_);
  if (Listener* older = std::exchange(session_.listener_, this)) older->bell_.Ring();
}

CallerSession::Listener::~Listener() {
  const std::lock_guard lock(session_.mutex_);
  if (session_.listener_ != this) return;
  session_.listener_ = nullptr;
  session_.RingSettling();
}

bool CallerSession::Listener::replaced() const {
  const std::lock_guard lock(session_.mutex_);
  return session_.listener_ != this;
}

void CallerSession::Listener::Listens(std::uint64_t version) {
  const std::lock_guard lock(session_.mutex_);
  if (session_.listener_ != this) return;
  session_.listened_version_ = version;
  session_.RingSettling();
}

void CallerSession::RingSettling() {
  for (Settling* one = settling_; one; one = one->next) one->bell->Ring();
}

base::Task<void> CallerSession::Settle(base::Loop& loop, base::CancelSignal& cancel) {
  // Takes itself out of the list whenever the wait ends.
  struct Place : Settling {
    Place(CallerSession& its_session, base::Loop& its_loop)
        : Settling{nullptr, nullptr}, session(its_session), own_bell(its_loop) {
      bell = &own_bell;
      const std::lock_guard lock(session.mutex_);
      version = session.uris_version_;
      next = std::exchange(session.settling_, this);
    }
    Place(Place&&) = delete;
    ~Place() {
      const std::lock_guard lock(session.mutex_);
      Settling** link = &session.settling_;
      while (*link != this) link = &(*link)->next;
      *link = next;
    }
    bool Waits() const {
      const std::lock_guard lock(session.mutex_);
      return session.listener_ && !session.ended_ && session.listened_version_ < version;
    }
    CallerSession& session;
    base::Doorbell own_bell;
    std::uint64_t version = 0;
  };
  Place place(*this, loop);
  while (place.Waits()) {
    const base::Doorbell::Woken woken = co_await place.own_bell.Wait(kSettle, cancel);
    if (woken != base::Doorbell::Woken::kRung) co_return;
  }
}

}  // namespace mcp::legacy
