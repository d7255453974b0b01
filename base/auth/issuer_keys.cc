#include "base/auth/issuer_keys.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace base::auth {
namespace {

constexpr std::size_t kMaxBytes = 256 * 1024;
// Who comes later is judged by what there is.
constexpr std::size_t kMaxWaiting = 1000;

void End(void* signal) { static_cast<CancelSignal*>(signal)->Request(); }

}  // namespace

std::shared_ptr<IssuerKeys> IssuerKeys::Create(Loop& loop, http::Client& client, const Clock& clock,
                                               KeySource source,
                                               std::chrono::milliseconds fetch_within) {
  return std::shared_ptr<IssuerKeys>(
      new IssuerKeys(loop, client, clock, std::move(source), fetch_within));
}

IssuerKeys::IssuerKeys(Loop& loop, http::Client& client, const Clock& clock, KeySource source,
                       std::chrono::milliseconds fetch_within)
    : loop_(loop),
      client_(client),
      clock_(clock),
      source_(std::move(source)),
      fetch_within_(fetch_within) {}

void IssuerKeys::Prepare(std::string_view key_id, std::function<void()> then) {
  std::unique_lock lock(mutex_);
  const TimePoint now = clock_.Now();
  if (!stopped_) {
    if (known_.Wants(key_id, now))
      loop_.Post([self = shared_from_this()] { Spawn(self->Run(self)); });
    // Keys that are known are not waited for, however old.
    if (known_.being_fetched() && !known_.Knows(key_id, now) && waiting_.size() < kMaxWaiting) {
      waiting_.push_back(std::move(then));
      return;
    }
  }
  lock.unlock();
  then();
}

Result<Jwks::Keys> IssuerKeys::Current() const {
  const std::lock_guard lock(mutex_);
  return known_.Current(clock_.Now());
}

void IssuerKeys::Stop() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  const auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  // At once: the loop may not run again while others are waited for.
  for (const auto& then : waiting) then();
  if (fetch_) fetch_->Request();
}

// Its parameter keeps the object for as long as the fetch runs.
Task<void> IssuerKeys::Run(std::shared_ptr<IssuerKeys> /*self*/) {
  CancelSignal signal;
  Timers::Timer deadline;
  loop_.timers.Arm(deadline, fetch_within_, End, &signal);
  fetch_ = &signal;
  Result<KeySet> fetched = co_await Fetch();
  fetch_ = nullptr;
  if (fetched.has_error() && signal.requested())
    fetched = Fail(Code::kDeadlineExceeded, "they took too long to come");

  if (fetched.has_error())
    spdlog::warn("keys of issuer {}: {}", source_.issuer, fetched.error().message);
  std::unique_lock lock(mutex_);
  known_.Settle(std::move(fetched), clock_.Now());
  const auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (const auto& then : waiting) then();
}

Task<Result<KeySet>> IssuerKeys::Fetch() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) co_return Fail(Code::kCancelled, "this program is stopping");
  }
  Result<http::Url> from =
      source_.jwks_uri.empty() ? KeyUrl(DiscoveryUrl(source_.issuer)) : KeyUrl(source_.jwks_uri);
  if (from.has_error()) co_return from.error();
  if (source_.jwks_uri.empty()) {
    http::Url description = *from;
    const Result<std::string> document = co_await Get(std::move(description));
    if (document.has_error()) co_return document.error();
    from = ReadDiscovery(*document, source_.issuer);
    if (from.has_error()) co_return from.error();
  }
  http::Url keys = *std::move(from);
  const Result<std::string> text = co_await Get(std::move(keys));
  if (text.has_error()) co_return text.error();
  co_return ReadKeySet(*text);
}

Task<Result<std::string>> IssuerKeys::Get(http::Url url) {
  const http::Field fields[] = {{"Accept", "application/json"}, {"User-Agent", "portolan"}};
  const http::Client::Request request{
      .method = "GET", .fields = fields, .body = {}, .cancel = fetch_};
  auto sent = co_await client_.Send(url, request);
  if (!sent) co_return sent.error().error;
  http::ClientExchange& exchange = **sent;
  // Redirects too: nobody follows them.
  if (exchange.head().status != 200) {
    co_return Fail(Code::kUnavailable, url.authority() + " answered with status " +
                                           std::to_string(exchange.head().status));
  }
  const Result<std::string_view> body = co_await exchange.ReadBody(kMaxBytes);
  if (body.has_error()) co_return body.error().WithContext("the answer of " + url.authority());
  co_return std::string(*body);
}

}  // namespace base::auth
