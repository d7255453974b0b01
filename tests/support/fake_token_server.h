// A FakeTokenServer is an authorization server on loopback: its metadata, and tokens named `t1`, `t2`,
// ... in order. It can wait with its answers, refuse, and tells what it was asked.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/base/http/test_server.h"

namespace support {

class FakeTokenServer {
 public:
  struct Asked {
    std::string authorization;
    std::string body;
  };

  FakeTokenServer() : server_([this](base::http::Exchange& exchange) { return Serve(exchange); }) {}
  ~FakeTokenServer() {
    server_.thread().Do([this] { released_.Request(); });
  }

  std::string issuer() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  std::string token_url() const { return issuer() + "/token"; }

  std::vector<Asked> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  // Waits until it was asked for so many tokens.
  bool WaitUntilAsked(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return asked_.size() >= count; });
  }
  // What is answered instead of a token from now on.
  void Answer(int status, std::string body) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  // They are named so from now on, with a number behind it.
  void NameTokens(std::string name) {
    const std::lock_guard lock(mutex_);
    name_ = std::move(name);
  }
  // How long tokens live from now on.
  void Live(int seconds) {
    const std::lock_guard lock(mutex_);
    life_s_ = seconds;
  }
  // It answers nobody until Release.
  void Hold() {
    server_.thread().Do([this] { held_ = true; });
  }
  void Release() {
    server_.thread().Do([this] {
      held_ = false;
      released_.Request();
    });
  }

 private:
  base::Task<void> Serve(base::http::Exchange& exchange) {
    const std::string path(exchange.head().target);
    const std::string authorization(exchange.head().fields.Find("authorization").value_or(""));
    const base::Result<std::string_view> read = co_await exchange.ReadBody(1 << 20);
    const std::string body(read ? *read : std::string_view());
    if (path == "/token") {
      const std::lock_guard lock(mutex_);
      asked_.push_back({authorization, body});
      changed_.notify_all();
    }
    if (held_ && !released_.requested()) {
      const bool waited = co_await server_.loop().timers.Sleep(std::chrono::hours(1), released_);
      static_cast<void>(waited);
    }
    int status = 200;
    std::string answer;
    {
      const std::lock_guard lock(mutex_);
      if (path == "/.well-known/oauth-authorization-server") {
        answer = nlohmann::json{{"issuer", issuer()}, {"token_endpoint", token_url()}}.dump();
      } else if (path != "/token") {
        status = 404;
      } else if (!body_.empty()) {
        status = status_;
        answer = body_;
      } else {
        answer = nlohmann::json{{"access_token", name_ + std::to_string(++tokens_)},
                                {"token_type", "Bearer"},
                                {"expires_in", life_s_}}
                     .dump();
      }
    }
    base::Result<void> ignored = co_await exchange.Respond(status, {}, std::string_view(answer));
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Under mutex_
  std::vector<Asked> asked_;
  int status_ = 200;
  std::string body_;
  std::string name_ = "t";
  int tokens_ = 0;
  int life_s_ = 3600;

  // On the server's loop
  base::CancelSignal released_;
  bool held_ = false;

  test_support::TestServer server_;
};

}  // namespace support
