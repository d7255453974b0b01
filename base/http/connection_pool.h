// A ConnectionPool keeps the connections to one origin on which the same certificate is shown: the
// last used first, at most so many, with a queue when all are busy.
//
// An idle connection keeps a receive pending, so one that its server closes leaves the pool at
// once.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "base/http/dialer.h"
#include "base/http/wire.h"
#include "base/loop.h"

namespace base::http {

class ConnectionPool;

// A connection that the pool counts: lent to an exchange, or idle in the pool.
class PooledConnection {
 public:
  PooledConnection(ConnectionPool& pool, WirePtr wire);
  ~PooledConnection();

  Wire& wire() { return *wire_; }
  ConnectionPool& pool() { return pool_; }
  // Of the response being read: here, so that its fields keep their capacity from call to call.
  ResponseHead& head() { return head_; }
  // It has served a request before.
  bool used() const { return used_; }

  // While lent: when `delay` has passed the wire is closed, and expired() says why.
  void ArmDeadline(std::chrono::milliseconds delay);
  void DisarmDeadline() { deadline_.Disarm(); }
  bool expired() const { return expired_; }

 private:
  friend class ConnectionPool;
  void BecomeIdle();
  void BecomeBusy();
  void OnIdleDeadline();

  ConnectionPool& pool_;
  WirePtr wire_;
  Timers::Timer deadline_;
  ResponseHead head_;
  bool used_ = false;
  bool expired_ = false;
  bool rested_ = false;
};

using PooledConnectionPtr = std::unique_ptr<PooledConnection>;

class ConnectionPool {
 public:
  // `tls` null: as the dialer does.
  ConnectionPool(Loop& loop, Dialer& dialer, const ClientLimits& limits, Url origin,
                 std::shared_ptr<const TlsContext> tls)
      : loop_(loop),
        dialer_(dialer),
        limits_(limits),
        origin_(std::move(origin)),
        tls_(std::move(tls)),
        authority_(origin_.authority()) {}

  const Url& origin() const { return origin_; }
  const std::string& authority() const { return authority_; }  // the Host header
  Loop& loop() { return loop_; }
  const ClientLimits& limits() const { return limits_; }
  std::size_t open() const { return open_; }

  // An idle connection, if there is one.
  PooledConnectionPtr TakeIdle();
  // An idle or a new one; waits for either as long as connecting may take. With `fresh` never an
  // idle one. `request` outlives the task.
  Task<boost::system::result<PooledConnectionPtr, SendFailure>> Acquire(
      const Client::Request& request, bool fresh);
  // Back from an exchange that read its answer to the end.
  void GiveBack(PooledConnectionPtr connection);

 private:
  friend class PooledConnection;
  class Waiter;
  struct WaitAwaiter;
  using WaiterPtr = std::shared_ptr<Waiter>;  // shared with what will wake it

  // Takes an idle connection out and ends it.
  void Forget(PooledConnection& connection);
  void OnClosed();

  Loop& loop_;
  Dialer& dialer_;
  const ClientLimits& limits_;
  const Url origin_;
  const std::shared_ptr<const TlsContext> tls_;
  const std::string authority_;
  // Those that exist or are being opened, and those promised to waiters.
  std::size_t open_ = 0;
  std::vector<WaiterPtr> waiters_;  // first come, first served
  std::vector<PooledConnectionPtr> idle_;
};

}  // namespace base::http
