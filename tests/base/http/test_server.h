// A Server on a loop of its own whose service is a function of the test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

#include "base/http/server.h"
#include "base/http/tls.h"
#include "tests/support/loop_thread.h"
#include "tests/support/raw_socket.h"

namespace test_support {

class TestServer {
 public:
  using Function = std::function<base::Task<void>(base::http::Exchange&)>;

  explicit TestServer(Function serve, const base::http::ServerLimits& limits = {},
                      const base::http::ServerTls& tls = {})
      : service_(std::move(serve)) {
    thread_.Do([&] {
      std::shared_ptr<const base::http::TlsContext> context;
      if (!tls.empty()) {
        auto made = base::http::TlsContext::ForServers(tls);
        ASSERT_TRUE(made.has_value()) << made.error().message;
        context = std::move(*made);
      }
      auto server = base::http::Server::Listen(thread_.loop(), {"127.0.0.1", 0}, false, limits,
                                               service_, std::move(context));
      if (!server) {
        ADD_FAILURE() << server.error().message;
        return;
      }
      server_ = std::move(*server);
      server_->Start();
    });
  }
  ~TestServer() {
    thread_.Do([&] { server_.reset(); });
  }

  std::uint16_t port() const { return server_->address().port; }
  RawSocket Connect() const { return RawSocket::Connect(port()); }
  LoopThread& thread() { return thread_; }
  base::Loop& loop() { return thread_.loop(); }
  // On the server's loop.
  template <class Action>
  auto Do(Action action) {
    return thread_.Do([this, &action] { return action(*server_); });
  }

 private:
  class FunctionService final : public base::http::Service {
   public:
    explicit FunctionService(Function serve) : serve_(std::move(serve)) {}
    base::Task<void> Serve(base::http::Exchange& exchange) override { return serve_(exchange); }

   private:
    Function serve_;
  };

  LoopThread thread_;
  FunctionService service_;
  std::unique_ptr<base::http::Server> server_;
};

// Answers with the method, the target, and the body.
inline base::Task<void> EchoBack(base::http::Exchange& exchange) {
  base::Result<std::string_view> body = co_await exchange.ReadBody(8 << 20);
  std::string text;
  int status = 200;
  if (body) {
    text = std::string(exchange.head().method) + " " + std::string(exchange.head().target) + " ";
    text += *body;
  } else {
    text = body.error().message;
    status = body.error().code == base::Code::kDeadlineExceeded ? 408 : 400;
  }
  base::Result<void> ignored = co_await exchange.Respond(status, {}, std::string_view(text));
}

}  // namespace test_support
