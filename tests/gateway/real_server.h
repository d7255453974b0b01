// A server of 2026-07-28 on a real socket and a thread of its own, whose answers to calls a test
// writes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/backend_fixture.h"
#include "tests/support/loop_thread.h"
#include "tests/support/older_server.h"

namespace support {

class RealServer {
 public:
  using Request = ScriptedServer::Request;
  // What it does with a call, which is its number from 1 on. Runs on the server's thread.
  using Calls = std::function<base::Task<void>(base::http::Exchange&, const Request&, int number)>;

  explicit RealServer(Calls calls = nullptr) : calls_(std::move(calls)) {
    thread_.Do([this] {
      server_ = std::make_unique<ScriptedServer>(
          thread_.loop(), [this](base::http::Exchange& exchange, const Request& request) {
            return Answer(exchange, request);
          });
    });
    url_ = thread_.Do([this] { return server_->url(); });
  }
  ~RealServer() {
    thread_.Do([this] { server_->Stop(); });
    thread_.Stop();
  }

  const std::string& url() const { return url_; }
  int calls() const { return count_; }
  base::Loop& loop() { return thread_.loop(); }
  // The calls that came, in order.
  std::vector<Request> requests() {
    return thread_.Do([this] { return requests_; });
  }

  static base::Task<void> AnswerResult(base::http::Exchange& exchange, const Request& request,
                                       std::string result = R"({"content":[]})") {
    std::string body = ResultFor(request, result);
    co_await RespondJson(exchange, 200, std::move(body));
  }
  static base::Task<void> AnswerStatus(base::http::Exchange& exchange, int status,
                                       std::string retry_after = {}) {
    const base::http::Field fields[] = {{"Content-Type", "text/plain"},
                                        {"Retry-After", retry_after}};
    const std::span<const base::http::Field> used(fields, retry_after.empty() ? 1 : 2);
    (void)co_await exchange.Respond(status, used, std::string_view("no"));
  }
  // Says nothing until the gateway is gone.
  base::Task<void> SayNothing(base::http::Exchange& exchange) {
    if (exchange.cancel().requested()) co_return;
    std::function<void()> resume;
    // Not inside the hook: what waits ends the connection that runs it.
    const auto gone = [this, &resume] {
      if (resume) thread_.loop().Post(std::exchange(resume, nullptr));
    };
    base::CancelSignal::Hook hook(exchange.cancel(), gone);
    co_await base::AwaitIo<>([&resume](auto handler) { resume = handler; });
  }

 private:
  base::Task<void> Answer(base::http::Exchange& exchange, const Request& request) {
    if (MethodOf(request) == "server/discover") {
      std::string body = ResultFor(
          request,
          R"({"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"resultType":"complete"})");
      co_return co_await RespondJson(exchange, 200, std::move(body));
    }
    requests_.push_back(request);
    const int number = ++count_;
    if (calls_) co_return co_await calls_(exchange, request, number);
    co_await AnswerResult(exchange, request);
  }

  const Calls calls_;
  std::atomic<int> count_ = 0;
  std::vector<Request> requests_;
  std::string url_;
  test_support::LoopThread thread_;
  std::unique_ptr<ScriptedServer> server_;  // on the loop
};

// A server's resource in text form, approved, at /NAME/mcp.
inline std::string ServerAt(const std::string& name, const std::string& url,
                            const std::string& more = "") {
  return "name: 'local/" + name + "' server { base_path: '" + name +
         "' endpoint { streamable_http { url: '" + url + "' } } approval: APPROVED " + more + " }";
}

}  // namespace support
