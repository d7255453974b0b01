// What the tests of our own servers share: a client that keeps what it hears, and calls in either
// era, without a socket.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/request_headers.h"
#include "mcp/server/server.h"

namespace mcp {

// Answers questions by a function, and remembers notifications and questions.
class HearingClient final : public Client {
 public:
  base::Task<base::Result<void>> Notify(std::string_view message) override {
    heard.emplace_back(message);
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> Relay(Source&) override {
    co_return base::Fail(base::Code::kUnimplemented, "nothing is relayed here");
  }
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal&) override {
    asked.emplace_back(request);
    co_return R"({"jsonrpc":"2.0","id":)" + std::string(Member(request, "id")) + "," +
        answer(request) + "}";
  }
  std::vector<std::string> heard;
  std::vector<std::string> asked;
  // `"result":{...}` or `"error":{...}`.
  std::function<std::string(std::string_view request)> answer = [](std::string_view) {
    return std::string(R"("result":{})");
  };
};

// One call on its way; lives until it was answered.
struct TestCall {
  std::string message;
  std::string method;
  std::string item;
  HearingClient client;
  base::CancelSignal cancel;
  Record record;
  std::string capabilities = "{}";
  std::string log_level;
  Revision revision = kLatest;
  bool answered = false;
  Response response;

  // Raw; empty when there is none.
  std::string_view result() const { return Member(response.body, "result"); }
  std::string_view error() const { return Member(response.body, "error"); }
  int code() const { return static_cast<int>(Integer(Member(error(), "code")).value_or(0)); }
};

class ServerFixture : public ::testing::Test {
 protected:
  static base::Task<void> Answer(Handler& handler, TestCall& test,
                                 const base::auth::Principal& principal) {
    const base::Result<Envelope> envelope = Scan(test.message);
    EXPECT_TRUE(envelope) << test.message;
    test.method = DecodeString(envelope->method.of(test.message));
    test.item = DecodeString(ItemOf(test.method, *envelope).of(test.message));
    Call call{.bytes = test.message,
              .envelope = *envelope,
              .revision = test.revision,
              .principal = principal,
              .client = test.client,
              .cancel = test.cancel,
              .record = test.record,
              .method = test.method,
              .item = test.item,
              .client_capabilities = test.capabilities,
              .log_level = test.log_level};
    test.response = co_await handler.Handle(call);
    test.answered = true;
  }
  // `params`: members, without braces.
  static void Fill(TestCall& test, std::string_view method, std::string_view params) {
    test.message = R"({"jsonrpc":"2.0","id":7,"method":")" + std::string(method) +
                   R"(","params":{)" + std::string(params) + "}}";
  }
  void Begin(Handler& handler, TestCall& test) { base::Spawn(Answer(handler, test, principal)); }
  // Lets everything run that needs no time.
  void Settle() {
    loop.io.restart();
    loop.io.poll();
  }

  base::Loop loop;
  base::auth::Principal principal;
};

}  // namespace mcp
