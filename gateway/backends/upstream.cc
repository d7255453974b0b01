#include "gateway/backends/upstream.h"

#include <utility>

namespace gateway {
namespace {

// Meeting a server is found out once like a session is opened once; no caller's key looks like
// this.
constexpr std::string_view kMeeting = "\nmeeting";
constexpr std::size_t kMaxSessions = 10'000;
constexpr std::chrono::seconds kSpare{10};
constexpr std::size_t kMaxMemories = 10'000;
constexpr std::size_t kMaxSubscribedBytes = 64 * 1024;

}  // namespace

std::optional<mcp::Revision> Upstream::revision() const {
  const int revision = revision_.load(std::memory_order_acquire);
  if (revision < 0) return std::nullopt;
  return static_cast<mcp::Revision>(revision);
}

std::shared_ptr<const std::string> Upstream::introduction() const {
  const std::lock_guard lock(mutex_);
  return introduction_;
}

base::Task<bool> Upstream::BeginMeeting(base::Loop& loop, base::CancelSignal& cancel) {
  const base::Result<SessionPointer> met = co_await Acquire(loop, std::string(kMeeting), cancel);
  co_return met&&* met == nullptr;
}

void Upstream::Know(mcp::Revision revision, std::string introduction) {
  {
    const std::lock_guard lock(mutex_);
    introduction_ = std::make_shared<const std::string>(std::move(introduction));
    revision_.store(static_cast<int>(revision), std::memory_order_release);
  }
  Opened(std::string(kMeeting), std::make_shared<const UpstreamSession>());
}

void Upstream::MeetingFailed() { Failed(std::string(kMeeting)); }

void Upstream::Forget(mcp::Revision seen) {
  const std::lock_guard lock(mutex_);
  int expected = static_cast<int>(seen);
  // Others may have noticed too, and one of them may be meeting it again already.
  if (!revision_.compare_exchange_strong(expected, -1)) return;
  const auto meeting = sessions_.find(kMeeting);
  if (meeting != sessions_.end() && meeting->second.session) sessions_.erase(meeting);
}

Upstream::SessionPointer Upstream::Find(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found == sessions_.end() || !found->second.session) return nullptr;
  found->second.used = clock_.Now();
  return found->second.session;
}

base::Task<base::Result<Upstream::SessionPointer>> Upstream::Acquire(base::Loop& loop,
                                                                     std::string key,
                                                                     base::CancelSignal& cancel) {
  while (true) {
    if (cancel.requested()) co_return base::Fail(base::Code::kCancelled, "cancelled");
    {
      const std::lock_guard lock(mutex_);
      if (sessions_.size() >= kMaxSessions) RemoveIdle(kSpare, nullptr);
      const auto [found, is_new] = sessions_.try_emplace(key);
      Entry& entry = found->second;
      entry.used = clock_.Now();
      if (is_new) co_return SessionPointer();
      if (entry.session) co_return entry.session;
    }
    // Another call is opening it. Whoever comes first resumes us, and only once: that call, on its
    // thread, or our own signal.
    std::function<void()> resume;
    const auto give_up = [&resume] {
      if (resume) resume();
    };
    base::CancelSignal::Hook hook(cancel, give_up);
    co_await base::AwaitIo<>([&](auto handler) {
      const auto resumed = std::make_shared<std::atomic<bool>>(false);
      resume = [&loop, handler, resumed]() {
        if (!resumed->exchange(true)) loop.Post(handler);
      };
      // Looked at again under the lock, since it may be done by now.
      const std::lock_guard lock(mutex_);
      const auto found = sessions_.find(key);
      if (found == sessions_.end() || found->second.session) return resume();
      found->second.waiters.push_back(resume);
    });
  }
}

void Upstream::Opened(const std::string& key, SessionPointer session) {
  std::vector<std::function<void()>> waiters;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = sessions_[key];
    entry.session = std::move(session);
    entry.used = clock_.Now();
    waiters = std::move(entry.waiters);
    entry.waiters.clear();
  }
  for (const auto& resume : waiters) resume();
}

void Upstream::Failed(const std::string& key) {
  std::vector<std::function<void()>> waiters;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(key);
    if (found == sessions_.end() || found->second.session) return;
    waiters = std::move(found->second.waiters);
    sessions_.erase(found);
  }
  // One of them tries next, the others wait for that one.
  for (const auto& resume : waiters) resume();
}

void Upstream::Lost(std::string_view key, const SessionPointer& session) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found != sessions_.end() && found->second.session == session) sessions_.erase(found);
}

std::vector<Upstream::SessionPointer> Upstream::TakeIdle(std::chrono::milliseconds idle) {
  std::vector<SessionPointer> taken;
  const std::lock_guard lock(mutex_);
  RemoveIdle(idle, &taken);
  return taken;
}

void Upstream::RemoveIdle(std::chrono::milliseconds idle, std::vector<SessionPointer>* taken) {
  const base::TimePoint before = clock_.Now() - idle;
  std::erase_if(sessions_, [&](auto& entry) {
    // Somebody who still holds it is using it.
    const bool is_idle = entry.first != kMeeting && entry.second.session &&
                         entry.second.session.use_count() == 1 && entry.second.used <= before;
    if (is_idle && taken) taken->push_back(std::move(entry.second.session));
    return is_idle;
  });
}

bool Upstream::TakeIfIdle(const std::string& key, std::chrono::milliseconds idle) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found == sessions_.end() || !found->second.session) return false;
  if (found->second.used > clock_.Now() - idle) return false;
  sessions_.erase(found);
  return true;
}

bool Upstream::TakeStream(const std::string& key) {
  const std::lock_guard lock(mutex_);
  return streams_.insert(key).second;
}

void Upstream::GiveStreamBack(const std::string& key) {
  const std::lock_guard lock(mutex_);
  streams_.erase(key);
}

void Upstream::End(const std::string& key) {
  std::function<void()> ender;
  {
    const std::lock_guard lock(mutex_);
    memories_.erase(key);
    const auto found = sessions_.find(key);
    // One that is being opened serves its call first, and ends when it is idle.
    if (found == sessions_.end() || !found->second.session) return;
    ended_.push_back(std::move(found->second.session));
    sessions_.erase(found);
    if (!enders_.empty()) ender = enders_.front().second;
  }
  if (ender) ender();
}

std::vector<Upstream::SessionPointer> Upstream::TakeEnded() {
  const std::lock_guard lock(mutex_);
  return std::exchange(ended_, {});
}

void Upstream::AddEnder(const void* owner, std::function<void()> ender) {
  const std::lock_guard lock(mutex_);
  enders_.emplace_back(owner, std::move(ender));
}

void Upstream::RemoveEnder(const void* owner) {
  const std::lock_guard lock(mutex_);
  std::erase_if(enders_, [&](const auto& ender) { return ender.first == owner; });
}

Upstream::Memory& Upstream::MemoryOf(const std::string& key) {
  const auto found = memories_.find(key);
  if (found != memories_.end()) return found->second;
  // Keys are random: so is the one that is forgotten.
  if (memories_.size() >= kMaxMemories) memories_.erase(memories_.begin());
  return memories_[key];
}

void Upstream::NoteSubscribed(const std::string& key, std::string uri) {
  const std::lock_guard lock(mutex_);
  Memory& memory = MemoryOf(key);
  const std::size_t bytes = uri.size();
  if (memory.subscribed_bytes + bytes > kMaxSubscribedBytes) return;
  if (memory.subscribed.insert(std::move(uri)).second) memory.subscribed_bytes += bytes;
}

void Upstream::NoteUnsubscribed(const std::string& key, std::string_view uri) {
  const std::lock_guard lock(mutex_);
  const auto found = memories_.find(key);
  if (found == memories_.end()) return;
  Memory& memory = found->second;
  const auto subscribed = memory.subscribed.find(uri);
  if (subscribed != memory.subscribed.end()) {
    memory.subscribed_bytes -= uri.size();
    memory.subscribed.erase(subscribed);
  }
  if (memory.empty()) memories_.erase(found);
}

void Upstream::NoteLogLevel(const std::string& key, std::string raw_level) {
  const std::lock_guard lock(mutex_);
  MemoryOf(key).log_level = std::move(raw_level);
}

Upstream::Memory Upstream::Recall(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = memories_.find(key);
  return found == memories_.end() ? Memory() : found->second;
}

std::size_t Upstream::sessions() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace gateway
