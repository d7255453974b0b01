// A Worker is one thread with one Loop: its own accept socket, connections to servers, backends and
// sessions. The path of a call begins in Serve and can be read from there.
//
// Shares with the other workers only what is immutable (the RouteTable) or lives in gateway/state.
// Its methods may be called from any thread: they post.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/local_shared_ptr.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/http/client.h"
#include "base/http/server.h"
#include "base/loop.h"
#include "gateway/backends/backend.h"
#include "gateway/edge/admitted_exchange.h"
#include "gateway/edge/gate.h"
#include "gateway/feed/feed_sink.h"
#include "gateway/feed/reporter.h"
#include "gateway/routing/compiler.h"
#include "gateway/routing/listening.h"
#include "gateway/routing/sessions.h"
#include "gateway/state/ended_sessions.h"
#include "gateway/state/traffic.h"
#include "mcp/http_endpoint.h"
#include "mcp/legacy/parked_calls.h"

namespace gateway {

// What all workers share. Made by main.cc; outlives them.
struct SharedByWorkers {
  const base::Clock& clock;
  const GateOptions& gate;
  const BackendLimits& backend_limits;
  base::http::ServerLimits server_limits;
  std::size_t max_body_bytes = 4 * 1024 * 1024;
  // Null: callers speak plain HTTP.
  std::shared_ptr<const base::http::TlsContext> tls = nullptr;

  state::FloodGuard& flood;
  state::Tokens& tokens;
  base::auth::IdentityProviders& providers;
  state::EndedSessions& ended_sessions;
  mcp::legacy::SessionTable& sessions;
  // MakeBackend of gateway/backends, unless a test puts its own server there.
  std::function<std::shared_ptr<mcp::Handler>(const std::string&, const portolan::v1::Server&,
                                              BackendContext&)>
      make_backend;
  UpstreamTable& upstreams;
  StdioServers* stdio = nullptr;
  Reporter& reporter;
  // Absent: older servers cannot ask modern callers anything.
  mcp::legacy::ParkedCalls* parked = nullptr;
  SseServers* sse = nullptr;
  // Absent: servers are listened to without credentials.
  state::UpstreamTokens* credentials = nullptr;
};

class Worker final : public base::http::Service, private mcp::PartSink {
 public:
  // Listens on `address`, which other workers share. `session_ring` seals sessions until the
  // registry's keys come.
  static base::Result<std::unique_ptr<Worker>> Listen(const base::http::ListenAddress& address,
                                                      std::vector<std::string> session_ring,
                                                      SharedByWorkers& shared);
  // Ends what still runs, and joins the thread.
  ~Worker() override;

  const base::http::ListenAddress& address() const { return server_->address(); }

  // Starts the thread.
  void Start();
  // A new table; `in_force` runs on the worker's thread once calls are routed by it.
  void SetTable(std::shared_ptr<const RouteTable> table, std::function<void()> in_force);
  // All workers serve from `table`: who listens is told what it changed, and finds the new lists
  // wherever it asks.
  void TellListeners(std::shared_ptr<const RouteTable> table);
  void SetKeys(FeedKeys keys);
  // For connections that come from now on. REQUIRES: it began with one.
  void UseTls(std::shared_ptr<const base::http::TlsContext> tls);
  // Runs on the worker's thread: when it does, that thread lives.
  void Post(std::function<void()> function) { loop_.Post(std::move(function)); }
  // No new connections; each that is open ends with its exchange. Listeners are sent home.
  void Drain();

  // Exchanges being served.
  std::size_t active() const { return active_.load(std::memory_order_relaxed); }
  const state::Traffic& traffic() const { return traffic_; }

  base::Task<void> Serve(base::http::Exchange& exchange) override;

 private:
  class RoutedCall;
  class Server;
  using Table = boost::local_shared_ptr<const std::shared_ptr<const RouteTable>>;

  Worker(std::vector<std::string> session_ring, SharedByWorkers& shared);

  base::Task<void> ServeCall(base::http::Exchange& exchange);
  base::Task<void> ServeWellKnown(base::http::Exchange& exchange);
  base::Task<void> Refuse(AdmittedExchange& answered, const GateRefusal& refusal,
                          mcp::Record& record);
  // Answers what is no call. `fields` and `body` are constants.
  base::Task<void> Respond(base::http::Exchange& exchange, int status,
                           std::span<const base::http::Field> fields, std::string_view body);
  void AddPortalFields(AdmittedExchange& answered) const;
  std::unique_ptr<mcp::Record> TakeRecord();
  void GiveBack(std::unique_ptr<mcp::Record> record);
  void Finish(const base::http::Exchange& exchange, mcp::Record& record);
  // Of an exchange, or of a call that shared one with others.
  void Keep(mcp::Record& record) override;
  std::shared_ptr<mcp::Handler> BackendOf(const Route& route);
  void DropOldBackends();
  void FollowPools();
  void EndWhenIdle(std::chrono::steady_clock::time_point at_latest);

  // Constant after construction
  SharedByWorkers& shared_;

  base::Loop loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
  boost::asio::steady_timer ending_;
  std::thread thread_;

  // Owned by this worker's thread
  std::unique_ptr<base::http::Client> client_;
  BackendContext backend_context_;
  const std::shared_ptr<const mcp::UpstreamTerms> own_terms_;  // on which rules put theirs
  // By Route::backend_key.
  std::unordered_map<std::string, std::shared_ptr<mcp::Handler>> backends_;
  Gate gate_;
  Sessions sessions_;
  Listeners listeners_;
  base::CancelSignal draining_;
  Table table_;
  std::vector<std::unique_ptr<mcp::Record>> spare_records_;
  std::unique_ptr<base::http::Server> server_;

  state::Traffic traffic_;
  std::atomic<std::size_t> active_ = 0;
};

}  // namespace gateway
