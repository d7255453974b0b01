#include "gateway/backends/stdio_place.h"

#include <algorithm>

#include "gateway/backends/bounds.h"
#include "gateway/backends/deadline.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;

// Of one listener; one that does not keep up is closed.
constexpr std::size_t kMaxUnheardBytes = 1024 * 1024;
constexpr std::chrono::milliseconds kSubscribePatience{10'000};

base::Error Refused() {
  return base::Fail(Code::kFailedPrecondition, "the program refuses the subscription");
}

}  // namespace

StdioPlace::~StdioPlace() {
  if (running_) running_->child->SetAudience(nullptr);
}

void StdioPlace::StartBegins() {
  starting_ = true;
  start_failure_.reset();
}

void StdioPlace::StartIsOver(std::optional<base::Error> failure) {
  starting_ = false;
  start_failure_ = std::move(failure);
  for (base::Event* waiter : waiters_) waiter->Set();
}

base::Task<base::Result<StdioPlace::Running>> StdioPlace::AwaitStart(base::CancelSignal& cancel) {
  base::Event over(loop_);
  const auto leave = [&over] { over.Set(); };
  base::CancelSignal::Hook hook(cancel, leave);
  waiters_.push_back(&over);
  while (starting_ && !cancel.requested()) co_await over.Wait();
  std::erase(waiters_, &over);
  if (running_) co_return *running_;
  if (cancel.requested()) co_return base::Fail(Code::kCancelled, "cancelled");
  if (start_failure_) co_return *start_failure_;
  co_return base::Fail(Code::kUnavailable, "the program ended right after its start");
}

void StdioPlace::Seat(Running running) {
  running_ = std::move(running);
  log_level.clear();
  if (!subscriptions_.uris().empty()) base::Spawn(SubscribeAgain(shared_from_this()));
}

void StdioPlace::Unseat() {
  running_.reset();
  for (Listener* listener : listeners_) listener->mailbox.ProgramEnded();
  // Subscriptions of sessions that do not listen would be nobody's to end.
  if (listeners_.empty()) subscriptions_.Clear();
}

base::Task<> StdioPlace::SubscribeAgain(std::shared_ptr<StdioPlace> self) {
  base::CancelSignal never;
  for (const std::string& uri : self->subscriptions_.uris()) {
    // Whether it takes them back is the program's affair.
    (void)co_await self->Tell("resources/subscribe", uri, never);
  }
}

void StdioPlace::Leave(Listener& listener) {
  std::erase(listeners_, &listener);
  const bool listens_on = std::any_of(listeners_.begin(), listeners_.end(), [&](Listener* other) {
    return other->owner == listener.owner;
  });
  if (listens_on) return;
  for (const std::string& uri : subscriptions_.RemoveOwner(listener.owner)) {
    if (!running_) continue;
    const std::uint64_t number = running_->child->NextNumber();
    // Its answer is nobody's.
    (void)running_->child->Send(R"({"jsonrpc":"2.0","id":)" + std::to_string(number) +
                                R"(,"method":"resources/unsubscribe","params":{"uri":)" +
                                mcp::Quote(uri) + "}}");
  }
}

bool StdioPlace::HasOtherSessions(std::string_view session) const {
  return std::any_of(listeners_.begin(), listeners_.end(), [session](const Listener* listener) {
    return listener->has_session && listener->owner != session;
  });
}

base::Task<base::Result<void>> StdioPlace::Subscribe(std::string uri, std::string owner,
                                                     base::CancelSignal& cancel) {
  const ResourceSubscriptions::Added added = subscriptions_.Add(uri, owner);
  if (added == ResourceSubscriptions::Added::kTooMany)
    co_return base::Fail(Code::kResourceExhausted, "too many subscriptions");
  bool known = added == ResourceSubscriptions::Added::kAnother;
  while (telling_.contains(uri)) {
    // Another is just telling the program: its answer is for both, unless that one gives up.
    const std::shared_ptr<Telling> other = telling_[uri];
    base::Event over(loop_);
    const auto leave = [&over] { over.Set(); };
    base::CancelSignal::Hook hook(cancel, leave);
    other->waiters.push_back(&over);
    co_await over.Wait();
    std::erase(other->waiters, &over);
    known = other->taken.value_or(false);
    const bool refused = other->taken && !known;
    if (!refused && !cancel.requested()) continue;
    subscriptions_.Remove(uri, owner);
    co_return refused ? Refused() : base::Fail(Code::kCancelled, "cancelled");
  }
  if (known) co_return base::Result<void>();
  const auto telling = std::make_shared<Telling>();
  telling_[uri] = telling;
  base::Result<void> told = co_await Tell("resources/subscribe", uri, cancel);
  telling_.erase(uri);
  if (told) telling->taken = true;
  if (!told && !cancel.requested()) telling->taken = false;
  for (base::Event* waiter : telling->waiters) waiter->Set();
  if (!told) subscriptions_.Remove(uri, owner);
  co_return told;
}

base::Task<base::Result<void>> StdioPlace::Tell(std::string_view method, std::string uri,
                                                base::CancelSignal& cancel) {
  // The next program will be told when it is seated.
  if (!running_) co_return base::Result<void>();
  const std::shared_ptr<StdioChild> child = running_->child;
  const std::uint64_t number = child->NextNumber();
  std::string message = R"({"jsonrpc":"2.0","id":)" + std::to_string(number) + ",\"method\":";
  message += mcp::Quote(method) + ",\"params\":{\"uri\":" + mcp::Quote(uri) + "}}";
  Deadline patience(loop_, cancel, kSubscribePatience);
  const auto answer = co_await child->AskPlainly(std::move(message), number, patience.signal());
  if (!answer) co_return answer.error();
  const auto envelope = mcp::Scan(*answer);
  if (envelope && envelope->kind == mcp::Envelope::Kind::kResult) co_return base::Result<void>();
  co_return Refused();
}

// ---- What it hears

bool StdioPlace::Wants(const Listener& listener, std::string_view method,
                       std::string_view params) const {
  if (method.ends_with("/list_changed")) return listener.filter.WantsListChanged(method);
  if (method == "notifications/resources/updated") {
    const std::string uri = mcp::DecodeString(mcp::Member(params, "uri"));
    return subscriptions_.Wants(listener.owner, uri);
  }
  // All else means something in a session only, and only where it is not of somebody else.
  return listener.has_session && !shared_;
}

bool StdioPlace::Notification(std::string_view method, std::string_view message) {
  bool heard = false;
  if (method.ends_with("/list_changed") && on_list_changed_) {
    on_list_changed_();
    heard = true;
  }
  const std::string_view params = mcp::Member(message, "params");
  for (Listener* listener : listeners_) {
    if (!Wants(*listener, method, params)) continue;
    heard = true;
    listener->mailbox.Notification(std::string(message));
    CloseIfBehind(*listener);
  }
  return heard;
}

// It gets to know that it missed something.
void StdioPlace::CloseIfBehind(Listener& listener) {
  if (listener.mailbox.unread_bytes() <= kMaxUnheardBytes) return;
  listener.mailbox.Overrun(CallerTooSlow(kMaxUnheardBytes));
}

bool StdioPlace::Question(std::string_view capability, std::string_view, std::string_view message) {
  for (auto entry = listeners_.rbegin(); entry != listeners_.rend(); ++entry) {
    Listener& listener = **entry;
    if (!listener.mailbox.CanBeAsked(capability)) continue;
    listener.asking = running_ ? running_->child : nullptr;
    listener.mailbox.Question(message);
    CloseIfBehind(listener);
    return true;
  }
  return false;
}

bool StdioPlace::Withdraw(std::string_view message) {
  bool asked = false;
  for (Listener* listener : listeners_) {
    if (!listener->mailbox.CanBeAsked()) continue;
    asked = true;
    listener->mailbox.Withdrawal(message);
    CloseIfBehind(*listener);
  }
  return asked;
}

}  // namespace gateway
