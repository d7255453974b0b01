// A Client on a loop of its own; the test's thread plays the server with raw sockets.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/http/client.h"
#include "tests/support/loop_thread.h"
#include "tests/support/raw_socket.h"

namespace test_support {

class TestClient {
 public:
  struct Outcome {
    int status = 0;
    std::string body;
    // Of Send, or of the body.
    std::optional<base::Error> error;
    bool nothing_sent = false;
    std::string stage;
    base::http::ConnectTimes times;
  };

  explicit TestClient(const base::http::ClientLimits& limits = {}) {
    thread_.Do([&] { client_ = base::http::Client::Create(thread_.loop(), limits); });
  }
  ~TestClient() {
    thread_.Do([&] { client_.reset(); });
  }

  LoopThread& thread() { return thread_; }
  std::size_t open_connections() {
    return thread_.Do([&] { return client_->open_connections(); });
  }

  // Sends and reads the whole body.
  std::future<Outcome> Send(std::string url, std::string body = "ping",
                            base::CancelSignal* cancel = nullptr, std::string method = "POST") {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto future = promise->get_future();
    thread_.Spawn([this, url = std::move(url), body = std::move(body), method = std::move(method),
                   cancel, promise] { return Exchange(url, body, method, cancel, promise); });
    return future;
  }

  template <class Make>
  std::future<void> Spawn(Make make) {
    return thread_.Spawn([this, make = std::move(make)] { return make(*client_); });
  }

 private:
  base::Task<> Exchange(const std::string& url, const std::string& body, const std::string& method,
                        base::CancelSignal* cancel,
                        std::shared_ptr<std::promise<Outcome>> promise) {
    Outcome outcome;
    co_await Fill(url, body, method, cancel, outcome);
    promise->set_value(std::move(outcome));
  }

  base::Task<> Fill(const std::string& url, const std::string& body, const std::string& method,
                    base::CancelSignal* cancel, Outcome& outcome) {
    const base::http::Url parsed = *base::http::Url::Parse(url);
    const std::string_view piece = body;
    const base::http::Field field{"X-Test", "yes"};
    base::http::Client::Request request;
    request.method = method;
    request.fields = std::span(&field, 1);
    request.body = std::span(&piece, 1);
    request.cancel = cancel;
    request.times = &outcome.times;
    auto sent = co_await client_->Send(parsed, request);
    if (!sent) {
      outcome.error = sent.error().error;
      outcome.nothing_sent = sent.error().nothing_sent;
      outcome.stage = std::string(sent.error().stage);
      co_return;
    }
    outcome.status = (*sent)->head().status;
    base::Result<std::string_view> whole = co_await (*sent)->ReadBody(64 << 20);
    if (!whole) {
      outcome.error = whole.error();
      co_return;
    }
    outcome.body = std::string(*whole);
  }

  LoopThread thread_;
  std::unique_ptr<base::http::Client> client_;
};

}  // namespace test_support
