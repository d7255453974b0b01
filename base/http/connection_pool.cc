#include "base/http/connection_pool.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <coroutine>
#include <optional>
#include <string>
#include <utility>

namespace base::http {
namespace {

// An idle connection keeps its buffer for so long.
constexpr std::chrono::milliseconds kWarm{1'000};

}  // namespace

// ---- PooledConnection

PooledConnection::PooledConnection(ConnectionPool& pool, WirePtr wire)
    : pool_(pool), wire_(std::move(wire)) {}

PooledConnection::~PooledConnection() {
  wire_->Observe(nullptr, nullptr);
  wire_->Close();
  pool_.OnClosed();
}

void PooledConnection::ArmDeadline(std::chrono::milliseconds delay) {
  pool_.loop_.timers.Arm(
      deadline_, delay,
      [](void* context) {
        PooledConnection& self = *static_cast<PooledConnection*>(context);
        self.expired_ = true;
        self.wire_->Close();
      },
      this);
}

void PooledConnection::BecomeIdle() {
  used_ = true;
  rested_ = false;
  if (!wire_->receiving()) wire_->buffer().Compact();
  wire_->Watch();
  wire_->Observe(
      [](void* context) {
        PooledConnection& self = *static_cast<PooledConnection*>(context);
        self.pool_.Forget(self);
      },
      this);
  pool_.loop_.timers.Arm(
      deadline_, std::min(kWarm, pool_.limits_.keep_idle),
      [](void* self) { static_cast<PooledConnection*>(self)->OnIdleDeadline(); }, this);
}

void PooledConnection::OnIdleDeadline() {
  if (rested_ || pool_.limits_.keep_idle <= kWarm) return pool_.Forget(*this);
  rested_ = true;
  wire_->Rest();
  pool_.loop_.timers.Arm(
      deadline_, pool_.limits_.keep_idle - kWarm,
      [](void* self) { static_cast<PooledConnection*>(self)->OnIdleDeadline(); }, this);
}

void PooledConnection::BecomeBusy() {
  deadline_.Disarm();
  wire_->Observe(nullptr, nullptr);
}

// ---- Waiting for a place

// Somebody in the queue. It is woken with a connection, with leave to open one, or with neither:
// too late.
class ConnectionPool::Waiter final : public std::enable_shared_from_this<Waiter> {
 public:
  PooledConnectionPtr connection;
  bool may_open = false;
  bool cancelled = false;
  std::coroutine_handle<> waiting;

  // Soon, not now: who wakes may be in a destructor.
  void WakeSoon(Loop& loop) {
    boost::asio::post(loop.io, [held = shared_from_this()] {
      if (auto handle = std::exchange(held->waiting, nullptr)) handle.resume();
    });
  }
};

struct ConnectionPool::WaitAwaiter {
  ConnectionPool& pool;
  WaiterPtr waiter;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> self) {
    waiter->waiting = self;
    pool.waiters_.push_back(waiter);
  }
  void await_resume() const {}
  ~WaitAwaiter() {
    waiter->waiting = nullptr;
    std::erase(pool.waiters_, waiter);
    // Gone before it could take what it was given.
    if (waiter->connection) pool.GiveBack(std::move(waiter->connection));
    if (std::exchange(waiter->may_open, false)) pool.OnClosed();
  }
};

void ConnectionPool::OnClosed() {
  if (waiters_.empty()) {
    --open_;
    return;
  }
  const WaiterPtr next = waiters_.front();
  waiters_.erase(waiters_.begin());
  next->may_open = true;  // in the place of the one that closed
  next->WakeSoon(loop_);
}

// ---- The pool

PooledConnectionPtr ConnectionPool::TakeIdle() {
  while (!idle_.empty()) {
    PooledConnectionPtr connection = std::move(idle_.back());
    idle_.pop_back();
    connection->BecomeBusy();
    Wire& wire = connection->wire();
    // Bytes that nobody asked for make it unusable.
    if (wire.open() && wire.receiving() && wire.buffer().input().empty()) return connection;
  }
  return nullptr;
}

Task<boost::system::result<PooledConnectionPtr, SendFailure>> ConnectionPool::Acquire(
    const Client::Request& request, bool fresh) {
  CancelSignal* const cancel = request.cancel;
  const std::chrono::milliseconds limit =
      request.connect.count() > 0 ? request.connect : limits_.connect;
  if (!fresh) {
    if (PooledConnectionPtr kept = TakeIdle()) co_return kept;
  }
  if (open_ >= limits_.max_connections_per_origin && !idle_.empty()) idle_.erase(idle_.begin());
  if (open_ >= limits_.max_connections_per_origin) {
    const WaiterPtr waiter = std::make_shared<Waiter>();
    Timers::Timer patience;
    loop_.timers.Arm(
        patience, limit,
        [](void* context) {
          if (auto handle = std::exchange(static_cast<Waiter*>(context)->waiting, nullptr))
            handle.resume();
        },
        waiter.get());
    auto on_cancel = [this, waiter] {
      waiter->cancelled = true;
      waiter->WakeSoon(loop_);
    };
    std::optional<CancelSignal::Hook<decltype(on_cancel)>> hook;
    if (cancel) hook.emplace(*cancel, on_cancel);
    WaitAwaiter place{*this, waiter};
    co_await place;
    if (waiter->cancelled)
      co_return SendFailure{Fail(Code::kCancelled, "the request was cancelled"), true, "tcp"};
    if (waiter->connection) co_return std::move(waiter->connection);
    if (!std::exchange(waiter->may_open, false)) {
      const std::string all = std::to_string(limits_.max_connections_per_origin);
      co_return SendFailure{Fail(Code::kResourceExhausted,
                                 "all " + all + " connections to " + authority_ + " are busy"),
                            true, "tcp"};
    }
  } else {
    ++open_;
  }
  const Dialer::How how{limit, tls_, cancel, request.times};
  boost::system::result<WirePtr, SendFailure> wire = co_await dialer_.Dial(origin_, how);
  if (!wire) {
    OnClosed();
    co_return wire.error();
  }
  co_return std::make_unique<PooledConnection>(*this, std::move(*wire));
}

void ConnectionPool::GiveBack(PooledConnectionPtr connection) {
  connection->DisarmDeadline();
  if (!connection->wire().open() || !connection->wire().buffer().input().empty()) return;
  if (!waiters_.empty()) {
    const WaiterPtr next = waiters_.front();
    waiters_.erase(waiters_.begin());
    connection->BecomeIdle();
    connection->BecomeBusy();
    next->connection = std::move(connection);
    return next->WakeSoon(loop_);
  }
  connection->BecomeIdle();
  idle_.push_back(std::move(connection));
}

void ConnectionPool::Forget(PooledConnection& connection) {
  const auto found = std::find_if(idle_.begin(), idle_.end(), [&](const PooledConnectionPtr& kept) {
    return kept.get() == &connection;
  });
  if (found == idle_.end()) return;
  const PooledConnectionPtr ended = std::move(*found);
  idle_.erase(found);
}

}  // namespace base::http
