// Clients that are broken, slow or hostile: each gets the answer of the table in docs (what a
// caller sees).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "base/process.h"
#include "tests/support/installation.h"

namespace {

using nlohmann::json;
using support::DemoServer;
using support::Installation;
using support::ModernCall;
using support::ModernHead;
using support::PostBytes;
using support::RawConnection;
using support::RawResponse;
using ::testing::HasSubstr;

// One installation for all: what one client does must not hurt the next.
class HostileClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // What AddressSanitizer keeps of freed memory (256 MiB unless told) would hide a leak, or look
    // like one.
    ::setenv("ASAN_OPTIONS", "quarantine_size_mb=16", 1);
    server_ = new DemoServer;
    portolan_ = new Installation;
    portolan_->CliOk({"add", "demo", server_->url()});
  }
  static void TearDownTestSuite() {
    delete portolan_;
    delete server_;
  }
  void TearDown() override {
    auto response = portolan_->Call("demo", "echo", R"({"message":"still here"})");
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.body, HasSubstr("still here"));
  }

  RawResponse Send(const std::string& bytes) {
    return support::Exchange(portolan_->gateway(), bytes);
  }
  RawResponse PostEcho(const std::string& body,
                       const std::string& extra = ModernHead("tools/call", "echo")) {
    return Send(PostBytes("/demo/mcp", body, extra));
  }
  static void ExpectError(const RawResponse& response, int status, int code, const json& id) {
    EXPECT_EQ(response.status, status) << response.body;
    json body = json::parse(response.body, nullptr, false);
    ASSERT_TRUE(body.is_object()) << response.body;
    EXPECT_EQ(body["error"]["code"], code) << response.body;
    EXPECT_EQ(body["id"], id) << response.body;
    EXPECT_EQ(body.size(), 3u) << response.body;
  }

  static DemoServer* server_;
  static Installation* portolan_;
};
DemoServer* HostileClientTest::server_ = nullptr;
Installation* HostileClientTest::portolan_ = nullptr;

TEST_F(HostileClientTest, BrokenJsonIsAParseError) {
  ExpectError(PostEcho(R"({"jsonrpc":"2.0","id":1,)"), 400, -32700, nullptr);
}

TEST_F(HostileClientTest, WhatIsNoJsonRpcIsAnInvalidRequest) {
  ExpectError(PostEcho(R"({"hello":"world"})"), 400, -32600, nullptr);
}

TEST_F(HostileClientTest, ADuplicateKeyIsRefused) {
  RawResponse response =
      PostEcho(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","method":"ping","params":{}})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("\"id\":null"));
}

TEST_F(HostileClientTest, ABatchIsRefusedWhereTheRevisionHasNone) {
  ExpectError(PostEcho("[" + ModernCall("1", "echo") + "]"), 400, -32600, nullptr);
}

TEST_F(HostileClientTest, AHeaderThatDiffersFromTheBodyIsRefused) {
  ExpectError(PostEcho(ModernCall("7", "echo"), ModernHead("tools/call", "add")), 400, -32020, 7);
  ExpectError(PostEcho(ModernCall("8", "echo"), ModernHead("tools/list", "echo")), 400, -32020, 8);
}

TEST_F(HostileClientTest, ARevisionThatNobodySpeaksIsRefusedWithThoseThatAreSpoken) {
  std::string body = ModernCall("1", "echo");
  body.replace(body.find("2026-07-28"), 10, "2031-01-01");
  RawResponse response = PostEcho(
      body, "MCP-Protocol-Version: 2031-01-01\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n");
  ExpectError(response, 400, -32022, 1);
  EXPECT_THAT(response.body, HasSubstr("2026-07-28"));
}

TEST_F(HostileClientTest, AnUnknownModernMethodIsNotFound) {
  std::string body = ModernCall("1", "echo");
  body.replace(body.find("tools/call"), 10, "tools/burn");
  ExpectError(PostEcho(body, ModernHead("tools/burn")), 404, -32601, 1);
}

TEST_F(HostileClientTest, AnUnknownToolIsNotFoundForwardedOrNot) {
  ExpectError(portolan_->Call("demo", "nothing", "{}", "", "5"), 200, -32602, 5);
}

TEST_F(HostileClientTest, AnUnknownPathIsNotFound) {
  RawResponse response =
      Send(PostBytes("/nobody/mcp", ModernCall("1", "echo"), ModernHead("tools/call", "echo")));
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("-31404"));
}

TEST_F(HostileClientTest, AForeignHostIsForbidden) {
  RawResponse response = Send(PostBytes("/demo/mcp", ModernCall("1", "echo"),
                                        ModernHead("tools/call", "echo"), "evil.example.com"));
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("-31403"));
}

TEST_F(HostileClientTest, AForeignOriginIsForbidden) {
  RawResponse response =
      PostEcho(ModernCall("1", "echo"),
               ModernHead("tools/call", "echo") + "Origin: https://evil.example.com\r\n");
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(response.body, HasSubstr("-31403"));
}

TEST_F(HostileClientTest, WhoCameThroughAProxyIsNotLocal) {
  RawResponse response = PostEcho(
      ModernCall("1", "echo"), ModernHead("tools/call", "echo") + "X-Forwarded-For: 8.8.8.8\r\n");
  EXPECT_EQ(response.status, 401);
  EXPECT_THAT(response.body, HasSubstr("-31401"));
}

TEST_F(HostileClientTest, AWrongKeyIsRefusedEvenWhereNoneIsNeeded) {
  RawResponse response =
      PostEcho(ModernCall("1", "echo"),
               ModernHead("tools/call", "echo") + "X-Api-Key: ptk_abcdefghijkl_nope\r\n");
  EXPECT_EQ(response.status, 401);
  EXPECT_THAT(response.body, HasSubstr("KeyInvalid"));
}

TEST_F(HostileClientTest, AWrongContentTypeIsUnsupported) {
  std::string bytes =
      PostBytes("/demo/mcp", ModernCall("1", "echo"), ModernHead("tools/call", "echo"));
  bytes.replace(bytes.find("application/json"), 16, "text/plain");
  EXPECT_EQ(Send(bytes).status, 415);
}

TEST_F(HostileClientTest, AnAcceptThatTakesNeitherFormIsRefused) {
  std::string bytes =
      PostBytes("/demo/mcp", ModernCall("1", "echo"), ModernHead("tools/call", "echo"));
  std::string accept = "application/json, text/event-stream";
  bytes.replace(bytes.find(accept), accept.size(), "image/png");
  EXPECT_EQ(Send(bytes).status, 406);
}

TEST_F(HostileClientTest, AWrongVerbIsToldWhichAreAllowed) {
  RawResponse response =
      Send("PUT /demo/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.Header("allow"), HasSubstr("POST"));
}

TEST_F(HostileClientTest, ABodyOverTheLimitIsTooLarge) {
  std::string body =
      ModernCall("1", "echo", R"({"message":")" + std::string(5 * 1024 * 1024, 'x') + "\"}");
  RawConnection large(portolan_->gateway());
  large.Send(PostBytes("/demo/mcp", body, ModernHead("tools/call", "echo")));
  EXPECT_EQ(large.Read().status, 413);
}

TEST_F(HostileClientTest, AStrangersGigabyteIsNeverRead) {
  RawConnection connection(portolan_->gateway());
  std::string head =
      "POST /demo/mcp HTTP/1.1\r\nHost: evil.example.com\r\nContent-Type: "
      "application/json\r\nContent-Length: 1073741824\r\n\r\n";
  connection.Send(head);
  EXPECT_EQ(connection.Read().status, 403);
  std::string megabyte(1 << 20, 'x');
  int sent = 0;
  while (sent < 64 && connection.Send(megabyte)) ++sent;
  EXPECT_LT(sent, 64) << "the gateway goes on reading";
}

TEST_F(HostileClientTest, AHeadThatNeverEndsIsCutOff) {
  RawConnection connection(portolan_->gateway());
  connection.Send("POST /demo/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  for (int i = 0; i < 100 && connection.Send(line); ++i) {
  }
  int status = connection.Read().status;
  EXPECT_TRUE(status == 431 || status == 400 || status == 0) << status;
}

TEST_F(HostileClientTest, AClientThatDribblesItsHeadIsEndedInTime) {
  RawConnection connection(portolan_->gateway());
  connection.Send("POST /demo/mcp HT");
  EXPECT_TRUE(connection.ClosedByPeer(std::chrono::seconds(30)));
}

TEST_F(HostileClientTest, AClientThatHangsUpEndsItsCall) {
  for (int i = 0; i < 50; ++i) {
    RawConnection connection(portolan_->gateway());
    connection.Send(PostBytes("/demo/mcp", ModernCall("1", "slow", R"({"duration_ms":60000})"),
                              ModernHead("tools/call", "slow")));
  }
}

TEST_F(HostileClientTest, ThousandsOfBadCallsLeaveMemoryFlat) {
  const pid_t gateway = portolan_->Pid("gateway");
  auto flood = [&](int times) {
    std::string bytes =
        PostBytes("/demo/mcp", R"({"jsonrpc":"2.0","id":1,"method":"tools/call","method":"x"})",
                  ModernHead("tools/call", "echo"));
    for (int i = 0; i < times; ++i) {
      RawConnection again(portolan_->gateway());
      again.Send(bytes);
      again.Read();
    }
  };
  flood(500);
  const auto before = base::ResidentBytes(gateway);
  flood(3000);
  const auto after = base::ResidentBytes(gateway);
  // AddressSanitizer keeps freed memory aside for a while; a leak of a kilobyte a call would still
  // show.
  EXPECT_LT(after, before + 64 * 1024 * 1024) << before << " -> " << after;
}

}  // namespace
