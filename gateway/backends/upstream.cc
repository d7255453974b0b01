#include "gateway/backends/upstream.h"

#include <iterator>
#include <utility>

#include "base/auth/api_key.h"
#include "gateway/backends/bounds.h"
#include "mcp/message.h"

namespace gateway {
namespace {

// Meeting a server is found out once like a session is opened once; no caller's key looks like
// this.
constexpr std::string_view kMeeting = "\nmeeting";
constexpr std::string_view kPooled = "pooled:";
constexpr std::size_t kMaxMemories = 10'000;
constexpr std::size_t kMaxSubscribedBytes = 64 * 1024;

// Of a pooled session: whose it is, in a spelling that no name can break out of.
std::string_view OwnerOf(std::string_view key) {
  if (!key.starts_with(kPooled)) return {};
  return key.substr(0, key.find('\n') + 1);
}

}  // namespace

std::string Upstream::PooledKeyOf(std::string_view owner, std::string_view capabilities) {
  std::string key = std::string(kPooled) + mcp::Quote(owner) + "\n";
  if (!capabilities.empty()) key += base::auth::Sha256(capabilities);
  return key;
}

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
    std::function<void()> ender;
    bool is_ours = false;
    {
      const std::lock_guard lock(mutex_);
      const auto found = sessions_.find(key);
      if (found != sessions_.end()) {
        found->second.used = clock_.Now();
        if (found->second.session) co_return found->second.session;
      } else {
        if (const auto room = MakeRoom(key); !room) co_return room.error();
        ender = EnderIfNeeded();
        sessions_[key].used = clock_.Now();
        is_ours = true;
      }
    }
    if (ender) ender();
    if (is_ours) co_return SessionPointer();
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
  const base::TimePoint before = clock_.Now() - idle;
  for (auto entry = sessions_.begin(); entry != sessions_.end();) {
    const auto here = entry++;
    if (here->first != kMeeting && IsIdle(here->second) && here->second.used <= before)
      taken.push_back(Remove(here));
  }
  return taken;
}

// Somebody who still holds it is using it.
bool Upstream::IsIdle(const Entry& entry) {
  return entry.session && entry.session.use_count() == 1;
}

Upstream::SessionPointer Upstream::Remove(Sessions::iterator entry) {
  SessionPointer session = std::move(entry->second.session);
  // Nobody comes back to a pooled one: the next is told what its calls need.
  if (!OwnerOf(entry->first).empty()) memories_.erase(entry->first);
  sessions_.erase(entry);
  return session;
}

base::Result<void> Upstream::MakeRoom(std::string_view key) {
  if (const std::string_view owner = OwnerOf(key); !owner.empty()) {
    const auto begin = sessions_.lower_bound(owner);
    auto end = begin;
    std::size_t count = 0;
    for (; end != sessions_.end() && end->first.starts_with(owner); ++end) ++count;
    if (count >= bounds_.sessions_per_owner && !EndIdlest(begin, end))
      return TooManySessions(bounds_.sessions_per_owner);
  }
  if (sessions_.size() < bounds_.sessions || EndIdlest(sessions_.begin(), sessions_.end()))
    return {};
  return TooManySessions(bounds_.sessions);
}

bool Upstream::EndIdlest(Sessions::iterator begin, Sessions::iterator end) {
  auto idlest = sessions_.end();
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->first == kMeeting || !IsIdle(entry->second)) continue;
    if (idlest == sessions_.end() || entry->second.used < idlest->second.used) idlest = entry;
  }
  if (idlest == sessions_.end()) return false;
  ended_.push_back(Remove(idlest));
  return true;
}

std::function<void()> Upstream::EnderIfNeeded() const {
  return ended_.empty() || enders_.empty() ? nullptr : enders_.front().second;
}

bool Upstream::TakeStream(const std::string& key) {
  const std::lock_guard lock(mutex_);
  return streams_.insert(key).second;
}

void Upstream::GiveStreamBack(const std::string& key) {
  const std::lock_guard lock(mutex_);
  streams_.erase(key);
}

void Upstream::End(const std::string& key) { TakeOut(key, true); }

void Upstream::Release(const std::string& key) { TakeOut(key, false); }

void Upstream::TakeOut(const std::string& key, bool forget) {
  std::function<void()> ender;
  {
    const std::lock_guard lock(mutex_);
    const auto is_of_key = [&](const std::string& other) {
      return other.starts_with(key) && (other.size() == key.size() || other[key.size()] == '\n');
    };
    if (forget) {
      auto memory = memories_.lower_bound(key);
      while (memory != memories_.end() && memory->first.starts_with(key))
        memory = is_of_key(memory->first) ? memories_.erase(memory) : std::next(memory);
    }
    bool any = false;
    auto found = sessions_.lower_bound(key);
    while (found != sessions_.end() && found->first.starts_with(key)) {
      const auto here = found++;
      // One that is being opened serves its call first, and ends when it is idle.
      if (!is_of_key(here->first) || !here->second.session) continue;
      ended_.push_back(Remove(here));
      any = true;
    }
    if (!any) return;
    ender = EnderIfNeeded();
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

std::vector<Upstream::SessionPointer> Upstream::RemoveEnder(const void* owner) {
  const std::lock_guard lock(mutex_);
  const auto removed =
      std::erase_if(enders_, [&](const auto& ender) { return ender.first == owner; });
  if (removed == 0 || !enders_.empty()) return {};
  std::vector<SessionPointer> left = std::exchange(ended_, {});
  for (auto& [key, entry] : sessions_) {
    if (key != kMeeting && entry.session) left.push_back(std::move(entry.session));
  }
  std::erase_if(sessions_, [](const auto& entry) {
    return entry.first != kMeeting && entry.second.waiters.empty() && !entry.second.session;
  });
  return left;
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
