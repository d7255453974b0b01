// What becomes of running calls when their caller goes, their route changes, or their worker ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <memory>

#include "gateway/worker.h"
#include "tests/gateway/gateway_fixture.h"

namespace gateway {
namespace {

using support::GatewayFixture;
using support::HttpAnswer;
using support::ModernRequest;
using testing::HasSubstr;

constexpr const char* kModern = "MCP-Protocol-Version: 2026-07-28\r\n";

// Definitions of a server that offers this one.
std::string Tool(const std::string& name) {
  return "server: 'local/pay' info { protocol_revisions: '2026-07-28' capabilities_json: "
         "'{\"tools\":{}}' } definitions { kind: TOOL name: '" +
         name + "' json: '{\"name\":\"" + name + "\"}' }";
}

class WorkerLifetimeTest : public testing::Test {
 protected:
  WorkerLifetimeTest() {
    gateway_.PutServer("pay");
    gateway_.Publish();
  }
  GatewayFixture gateway_;
};

// Answers when it is told to; tells when it was asked and whether it was cancelled.
class SlowServer {
 public:
  explicit SlowServer(GatewayFixture& gateway) {
    gateway.server = [this](mcp::Call& call, base::Loop& loop) -> base::Task<mcp::Response> {
      asked_.set_value();
      bool waited = true;
      while (waited && !answer)
        waited = co_await loop.timers.Sleep(std::chrono::milliseconds(10), call.cancel);
      cancelled_.set_value(!waited);
      co_return waited ? mcp::Response::Message(support::ResultMessage(call, R"({"late":true})"))
                       : mcp::Response::Gone();
    };
  }
  void WaitUntilAsked() { asked_.get_future().wait(); }
  bool WaitUntilDone() { return cancelled_.get_future().get(); }

  std::atomic<bool> answer = false;

 private:
  std::promise<void> asked_;
  std::promise<bool> cancelled_;
};

TEST_F(WorkerLifetimeTest, AModernCallerThatHangsUpCancelsItsCall) {
  SlowServer server(gateway_);
  boost::asio::io_context io;
  {
    auto socket = gateway_.Connect(io);
    boost::asio::write(socket, boost::asio::buffer(gateway_.ToolCall("/pay/mcp", "a")));
    server.WaitUntilAsked();
  }
  EXPECT_TRUE(server.WaitUntilDone());
  EXPECT_EQ(gateway_.records.WaitFor(1).at(0).outcome, mcp::Outcome::kCancelled);
}

TEST_F(WorkerLifetimeTest, ADrainedWorkerFinishesTheCallThatRuns) {
  SlowServer server(gateway_);
  boost::asio::io_context io;
  auto socket = gateway_.Connect(io);
  boost::asio::write(socket, boost::asio::buffer(gateway_.ToolCall("/pay/mcp", "a")));
  server.WaitUntilAsked();
  gateway_.Drain();
  server.answer = true;
  const HttpAnswer answer = GatewayFixture::Receive(socket);
  EXPECT_THAT(answer.body, HasSubstr("late"));
  EXPECT_FALSE(server.WaitUntilDone());
  boost::system::error_code end;
  char byte = 0;
  socket.read_some(boost::asio::buffer(&byte, 1), end);
  EXPECT_EQ(end, boost::asio::error::eof);
}

TEST_F(WorkerLifetimeTest, AListenerHearsOfAChangedListAndGoesHomeWhenTheWorkerDrains) {
  gateway_.PutDefinitions(Tool("a"));
  gateway_.Publish();
  boost::asio::io_context io;
  auto socket = gateway_.Connect(io);
  const std::string body = ModernRequest("\"L\"", "subscriptions/listen",
                                         R"("notifications":{"toolsListChanged":true})");
  boost::asio::write(
      socket, boost::asio::buffer("POST /pay/mcp HTTP/1.1\r\nHost: " + gateway_.host() +
                                  "\r\nAccept: application/json, text/event-stream\r\n"
                                  "Content-Type: application/json\r\n" +
                                  kModern + "Mcp-Method: subscriptions/listen\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body));
  std::string heard;
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(heard), "subscriptions/acknowledged");
  gateway_.PutDefinitions(Tool("b"));
  gateway_.Publish();
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(heard), "tools/list_changed");
  gateway_.Drain();
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(heard), R"("resultType":"complete")");
  EXPECT_EQ(gateway_.records.WaitFor(1).at(0).outcome, mcp::Outcome::kOk);
}

TEST_F(WorkerLifetimeTest, ACallKeepsTheTableItBeganWith) {
  SlowServer server(gateway_);
  boost::asio::io_context io;
  auto socket = gateway_.Connect(io);
  boost::asio::write(socket, boost::asio::buffer(gateway_.ToolCall("/pay/mcp", "a")));
  server.WaitUntilAsked();
  gateway_.Delete("Server", "local/pay");
  gateway_.Publish();
  server.answer = true;
  EXPECT_THAT(GatewayFixture::Receive(socket).body, HasSubstr("late"));
  EXPECT_FALSE(server.WaitUntilDone());
  EXPECT_EQ(gateway_.CallTool("/pay/mcp", "a").status, 404);
}

TEST_F(WorkerLifetimeTest, AWorkerThatEndsCancelsWhatRuns) {
  auto gateway = std::make_unique<GatewayFixture>();
  gateway->PutServer("pay");
  gateway->Publish();
  SlowServer server(*gateway);
  boost::asio::io_context io;
  auto socket = gateway->Connect(io);
  boost::asio::write(socket, boost::asio::buffer(gateway->ToolCall("/pay/mcp", "a")));
  server.WaitUntilAsked();
  gateway.reset();
  EXPECT_TRUE(server.WaitUntilDone());
}

}  // namespace
}  // namespace gateway
