// A gateway without a registry and without real servers: its workers on real sockets, a catalog
// that a test writes, and one fake server behind every route.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gateway/backends/upstream_table.h"
#include "gateway/routing/compiler.h"
#include "gateway/routing/snapshot.h"
#include "gateway/worker.h"
#include "tests/support/fake_handler.h"
#include "tests/support/loop_thread.h"

namespace support {

// What came back over the socket.
struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  std::string Field(std::string_view name) const;
};

// Keeps the records it is given; any thread.
class RecordKeeper final : public gateway::Reporter {
 public:
  void Call(const mcp::Record& record) override {
    const std::lock_guard lock(mutex_);
    records_.push_back(record);
    arrived_.notify_all();
  }
  void Status(portolan::v1::ServerStatus&&) override {}
  void Definitions(portolan::v1::ServerDefinitions&&) override {}
  void Probe(portolan::v1::ProbeReport&&) override {}
  void InForce(std::int64_t) override {}
  void Reject(portolan::v1::Rejection&&) override {}

  // Waits until there are `count`; a record is finished when the last byte left, so after its
  // answer is read.
  std::vector<mcp::Record> WaitFor(std::size_t count) const {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return records_.size() >= count; });
    return records_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<mcp::Record> records_;
};

class GatewayFixture {
 public:
  struct Options {
    int workers = 1;
    std::size_t max_body_bytes = 4 * 1024 * 1024;
    std::string portal_url = "http://127.0.0.1:8901";
    std::vector<std::string> trusted_proxies;
    std::chrono::milliseconds fetch_keys_within = base::auth::IssuerKeys::kFetchWithin;
    // Servers are asked where their endpoints say, instead of `server`.
    bool real_servers = false;
    // Of what rules count; null: the system's.
    const base::Clock* rule_clock = nullptr;
  };
  explicit GatewayFixture(Options options);
  GatewayFixture() : GatewayFixture(Options()) {}
  ~GatewayFixture();

  // Ends the waiting for keys, as a gateway that stops does.
  void StopProviders();

  // Adds or replaces a resource given in text form: `name: 'local/x' server { ... }`. In force
  // after Publish.
  void Put(const std::string& kind, const std::string& resource_text);
  void Delete(const std::string& kind, const std::string& name);
  void PutDefinitions(const std::string& definitions_text);
  // An approved server `local/NAME` at /NAME/mcp.
  void PutServer(const std::string& name, const std::string& more = "approval: APPROVED");
  // A consumer's key; its text.
  std::string PutKey(const std::string& consumer, const std::string& more = "");
  // In force on every worker when it returns.
  void Publish();
  void SetKeys(const gateway::FeedKeys& keys);
  // Every worker ends its connections after their exchanges, and takes no new ones.
  void Drain();

  std::uint16_t port() const { return workers_.front()->address().port; }
  std::string host() const { return "127.0.0.1:" + std::to_string(port()); }
  // Sends bytes on a connection of its own and reads one answer.
  HttpAnswer Send(const std::string& bytes) const;
  // A connection on which nothing was sent yet.
  boost::asio::ip::tcp::socket Connect(boost::asio::io_context& io) const;
  static HttpAnswer Receive(boost::asio::ip::tcp::socket& socket);
  // The bytes of CallTool.
  std::string ToolCall(const std::string& path, const std::string& tool,
                       const std::string& more = "") const;
  // A POST with the headers of a modern client; `more` are further lines, each with its CRLF.
  HttpAnswer Post(const std::string& path, const std::string& body,
                  const std::string& more = "") const;
  // tools/call of a tool as a modern client, id 41.
  HttpAnswer CallTool(const std::string& path, const std::string& tool,
                      const std::string& more = "") const;

  // The record of the last exchange; REQUIRES: every one so far has a record.
  mcp::Record LastRecord() const { return records.WaitFor(sent_).at(sent_ - 1); }

  RecordKeeper records;
  // Answers what reaches a server; set it before the first call. Runs on the workers' threads.
  std::function<base::Task<mcp::Response>(mcp::Call&, base::Loop&)> server;
  std::atomic<int> server_calls = 0;
  base::SystemClock clock;
  gateway::state::RuleState rule_state;

 private:
  std::string Request(const std::string& path, const std::string& body,
                      const std::string& more) const;

  mutable std::atomic<std::size_t> sent_ = 0;
  gateway::Snapshot snapshot_;
  std::int64_t revision_ = 0;
  std::shared_ptr<const gateway::RouteTable> table_ = std::make_shared<gateway::RouteTable>();

  gateway::GateOptions gate_;
  gateway::BackendLimits backend_limits_;
  gateway::state::FloodGuard flood_{clock};
  gateway::state::Tokens tokens_;
  // Fetches keys.
  test_support::LoopThread key_thread_;
  std::unique_ptr<base::http::Client> key_client_ =
      base::http::Client::Create(key_thread_.loop(), {});
  base::auth::IdentityProviders providers_;
  gateway::state::EndedSessions ended_;
  mcp::legacy::SessionTable sessions_{clock};
  gateway::UpstreamTable upstreams_{clock};
  std::unique_ptr<gateway::SharedByWorkers> shared_;
  std::vector<std::unique_ptr<gateway::Worker>> workers_;
};

// An answer as a server's connection gives it, in pieces: what a fake server relays to its caller.
class PiecedAnswer final : public mcp::Source {
 public:
  PiecedAnswer(Form form, std::vector<std::string> pieces)
      : form_(form), pieces_(std::move(pieces)) {}

  Form form() const override { return form_; }
  std::uint64_t length() const override { return 0; }
  base::Task<base::Result<std::string_view>> Next() override {
    if (next_ == pieces_.size()) co_return std::string_view();
    co_return std::string_view(pieces_[next_++]);
  }

 private:
  const Form form_;
  const std::vector<std::string> pieces_;
  std::size_t next_ = 0;
};

// A modern request with the members that revision 2026-07-28 demands.
std::string ModernRequest(const std::string& id, const std::string& method,
                          const std::string& params_members);

}  // namespace support
