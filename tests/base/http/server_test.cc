#include "base/http/server.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "base/http/client.h"
#include "tests/base/http/test_server.h"

namespace base::http {
namespace {

using std::chrono::milliseconds;
using test_support::EchoBack, test_support::RawSocket, test_support::TestServer;

constexpr std::string_view kGet = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(ServerTest, AnswersARequestWithItsLengthAndDate) {
  TestServer server(EchoBack);
  RawSocket client = server.Connect();
  client.Send(kGet);
  const RawSocket::Message answer = client.ReadMessage();
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, "GET /a?b=c ");
  EXPECT_NE(answer.head.find("Content-Length: 11\r\n"), std::string::npos);
  EXPECT_NE(answer.head.find("\r\nDate: "), std::string::npos);
}

TEST(ServerTest, TellsTheServicePathQueryFieldsAndPeer) {
  std::string seen;
  TestServer server([&](Exchange& exchange) -> Task<void> {
    seen = std::string(exchange.head().path) + "|" + std::string(exchange.head().query) + "|" +
           std::string(*exchange.head().fields.Find("x-THING")) + "|" +
           std::string(exchange.peer_address());
    co_await EchoBack(exchange);
  });
  RawSocket client = server.Connect();
  client.Send("GET http://other/p/q?r=1 HTTP/1.1\r\nHost: x\r\nX-Thing:  spaced value \t\r\n\r\n");
  client.ReadMessage();
  EXPECT_EQ(seen, "/p/q|r=1|spaced value|127.0.0.1");
}

TEST(ServerTest, KeepsTheConnectionForTheNextRequest) {
  TestServer server(EchoBack);
  RawSocket client = server.Connect();
  for (int i = 0; i < 100; ++i) {
    const std::string body = std::string(static_cast<std::size_t>(i) * 37, 'x');
    client.Send("POST /n HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    ASSERT_EQ(client.ReadMessage().body, "POST /n " + body);
  }
}

TEST(ServerTest, ServesPipelinedRequestsOneByOneInOrder) {
  TestServer server(EchoBack);
  RawSocket client = server.Connect();
  std::string all;
  for (int i = 0; i < 200; ++i) {
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\n\r\n" +
           std::string(300, 'y');
  }
  auto sent = std::async(std::launch::async, [&] { client.Send(all); });
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(client.ReadMessage().body,
              "POST /" + std::to_string(i) + " " + std::string(300, 'y'));
  }
}

TEST(ServerTest, ReadsRequestsThatComeByteByByte) {
  TestServer server(EchoBack);
  RawSocket client = server.Connect();
  for (char c :
       std::string("\r\nPOST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")) {
    client.Send(std::string_view(&c, 1));
  }
  EXPECT_EQ(client.ReadMessage().body, "POST /slow hello");
}

TEST(ServerTest, ReadsChunkedBodies) {
  TestServer server(EchoBack);
  RawSocket client = server.Connect();
  const std::string head = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  client.Send(head + "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: t\r\n\r\n");
  EXPECT_EQ(client.ReadMessage().body, "POST /c hello world");
  for (char c : head + "3\r\nabc\r\n0\r\n\r\n") client.Send(std::string_view(&c, 1));
  EXPECT_EQ(client.ReadMessage().body, "POST /c abc");
}

TEST(ServerTest, ReadsALargeBodyInEitherFraming) {
  TestServer server(EchoBack);
  RawSocket client = server.Connect();
  std::string body;
  for (int i = 0; body.size() < (3 << 20); ++i) body += std::to_string(i) + ",";
  auto sent = std::async(std::launch::async, [&] {
    client.Send("POST /l HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    client.Send("POST /l HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    char size[32];
    for (std::size_t at = 0; at < body.size(); at += 10'007) {
      const std::string piece = body.substr(at, 10'007);
      client.Send(std::string(size, static_cast<std::size_t>(
                                        snprintf(size, sizeof(size), "%zX\r\n", piece.size()))) +
                  piece + "\r\n");
    }
    client.Send("0\r\n\r\n");
  });
  EXPECT_TRUE(client.ReadMessage().body == "POST /l " + body);
  EXPECT_TRUE(client.ReadMessage().body == "POST /l " + body);
}

TEST(ServerTest, AsksForTheBodyOnlyWhenTheServiceReadsIt) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    if (exchange.head().path == "/no") {
      Result<void> ignored = co_await exchange.Respond(403, {}, std::string_view("no"));
      co_return;
    }
    co_await EchoBack(exchange);
  });
  const std::string rest =
      " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  RawSocket client = server.Connect();
  client.Send("POST /yes" + rest);
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hello");
  EXPECT_EQ(client.ReadMessage().body, "POST /yes hello");
  client.Send("POST /no" + rest);
  const RawSocket::Message answer = client.ReadMessage();
  EXPECT_EQ(answer.status(), 403);
  EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(client.AtEnd());
}

TEST(ServerTest, RefusesAnAnnouncedGigabyteWithoutReadingIt) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    Result<std::string_view> body = co_await exchange.ReadBody(1 << 20);
    EXPECT_FALSE(body);
    EXPECT_EQ(body.error().code, Code::kResourceExhausted);
    EXPECT_EQ(exchange.bytes_in(), 0u);
    Result<void> ignored = co_await exchange.Respond(413, {}, std::string_view("too large"));
  });
  RawSocket client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n");
  client.Send(std::string(60'000, 'x'));  // a part of it is on its way already
  const RawSocket::Message answer = client.ReadMessage();
  EXPECT_EQ(answer.status(), 413);
  EXPECT_EQ(answer.body, "too large");
  client.ShutdownSend();
  EXPECT_TRUE(client.AtEnd());
}

TEST(ServerTest, StopsReadingABodyThatGrowsOverTheCapInChunks) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    Result<std::string_view> body = co_await exchange.ReadBody(1000);
    EXPECT_FALSE(body);
    EXPECT_EQ(body.error().code, Code::kResourceExhausted);
    Result<void> ignored = co_await exchange.Respond(413, {}, std::string_view("too large"));
  });
  RawSocket client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n" +
              std::string(10'000, 'x'));
  EXPECT_EQ(client.ReadMessage().status(), 413);
}

TEST(ServerTest, GoesOnBehindAShortBodyThatNobodyRead) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    Result<void> ignored = co_await exchange.Respond(200, {}, exchange.head().path);
  });
  RawSocket client = server.Connect();
  client.Send("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n");
  EXPECT_EQ(client.ReadMessage().body, "/1");
  client.Send(std::string(40'000, 'x') + std::string(kGet));
  EXPECT_EQ(client.ReadMessage().body, "/a");
}

TEST(ServerTest, AnswersHeadWithoutABody) {
  TestServer server(EchoBack);
  RawSocket client = server.Connect();
  client.Send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(client.ReadUntil("\r\n\r\n").find("Content-Length: 8\r\n"), std::string::npos);
  client.Send(kGet);
  EXPECT_EQ(client.ReadMessage().body, "GET /a?b=c ");
}

TEST(ServerTest, ClosesAfterARequestOfHttp10UnlessAskedToKeep) {
  TestServer server(EchoBack);
  RawSocket first = server.Connect();
  first.Send("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(first.ReadMessage().body, "GET /old ");
  EXPECT_TRUE(first.AtEnd());
  RawSocket second = server.Connect();
  second.Send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(second.ReadMessage().head.find("Connection: keep-alive"), std::string::npos);
  second.Send(kGet);
  EXPECT_EQ(second.ReadMessage().status(), 200);
}

TEST(ServerTest, LeavesOutFieldsThatWouldBreakTheHeadOpen) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    const Field fields[] = {
        {"X-Bad", "a\r\nSet-Cookie: b"}, {"X-Good", "c"}, {"Content-Length", "99"}};
    Result<void> ignored = co_await exchange.Respond(200, fields, std::string_view("ok"));
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  const RawSocket::Message answer = client.ReadMessage();
  EXPECT_EQ(answer.head.find("Set-Cookie"), std::string::npos);
  EXPECT_NE(answer.head.find("X-Good: c\r\n"), std::string::npos);
  EXPECT_EQ(answer.body, "ok");
}

TEST(ServerTest, AnswersForAServiceThatForgotTo) {
  TestServer server([](Exchange&) -> Task<void> { co_return; });
  RawSocket client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(client.ReadMessage().status(), 500);
}

TEST(ServerTest, AnswersForAServiceThatThrew) {
  TestServer server([](Exchange&) -> Task<void> {
    throw std::runtime_error("a bug");
    co_return;
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(client.ReadMessage().status(), 500);
}

// ---- Streams

TEST(ServerTest, StreamsInChunks) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    Result<void> going = co_await exchange.StartStream(200, {});
    for (int i = 0; going && i < 1000; ++i) {
      const std::string event = "data: " + std::to_string(i) + "\n\n";
      going = co_await exchange.Write(event);
    }
    going = co_await exchange.FinishStream();
    EXPECT_TRUE(going);
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  const RawSocket::Message answer = client.ReadMessage();
  EXPECT_NE(answer.head.find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_TRUE(answer.body.starts_with("data: 0\n\ndata: 1\n\n"));
  EXPECT_TRUE(answer.body.ends_with("data: 999\n\n"));
  client.Send(kGet);
  EXPECT_EQ(client.ReadMessage().status(), 200);
}

TEST(ServerTest, SendsTheHeadOfAStreamBeforeItsFirstBytes) {
  std::promise<void> head_was_read;
  auto wait = head_was_read.get_future().share();
  TestServer server([&](Exchange& exchange) -> Task<void> {
    Result<void> going = co_await exchange.StartStream(200, {});
    while (wait.wait_for(milliseconds(0)) != std::future_status::ready) {
      const bool on = co_await server.loop().timers.Sleep(milliseconds(1), exchange.cancel());
      if (!on) co_return;
    }
    going = co_await exchange.FinishStream();
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  EXPECT_NE(client.ReadUntil("\r\n\r\n").find("200 OK"), std::string::npos);
  head_was_read.set_value();
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "0\r\n\r\n");
}

TEST(ServerTest, StreamsAnAnnouncedLengthAndHoldsTheServiceToIt) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    Result<void> going = co_await exchange.StartStream(200, {}, 10);
    going = co_await exchange.Write("01234567890");
    EXPECT_FALSE(going);
    going = co_await exchange.Write("0123456789");
    EXPECT_TRUE(going);
    going = co_await exchange.FinishStream();
    EXPECT_TRUE(going);
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(client.ReadMessage().body, "0123456789");
}

TEST(ServerTest, BreaksTheConnectionOfAStreamThatWasNotFinished) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    Result<void> going = co_await exchange.StartStream(200, {});
    going = co_await exchange.Write("half");
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  EXPECT_TRUE(client.ReadToEnd().ends_with("4\r\nhalf\r\n"));
}

// ---- Ends

TEST(ServerTest, CancelsTheExchangeWhenTheClientHangsUp) {
  std::promise<bool> ended;
  std::promise<void> serving;
  TestServer server([&](Exchange& exchange) -> Task<void> {
    serving.set_value();
    const bool slept =
        co_await server.loop().timers.Sleep(std::chrono::hours(1), exchange.cancel());
    ended.set_value(!slept && exchange.cancel().requested());
  });
  RawSocket client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  serving.get_future().wait();
  client.Close();
  EXPECT_TRUE(ended.get_future().get());
}

TEST(ServerTest, CancelsTheExchangeWhenTheClientResets) {
  std::promise<bool> ended;
  std::promise<void> serving;
  TestServer server([&](Exchange& exchange) -> Task<void> {
    serving.set_value();
    const bool slept =
        co_await server.loop().timers.Sleep(std::chrono::hours(1), exchange.cancel());
    ended.set_value(!slept);
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  serving.get_future().wait();
  client.Reset();
  EXPECT_TRUE(ended.get_future().get());
}

TEST(ServerTest, DoesNotTakeAPipelinedRequestForAHangUp) {
  std::promise<void> serving;
  std::atomic<int> calls = 0;
  TestServer server([&](Exchange& exchange) -> Task<void> {
    if (calls++ == 0) {
      serving.set_value();
      const bool slept = co_await server.loop().timers.Sleep(milliseconds(120), exchange.cancel());
      EXPECT_TRUE(slept);
    }
    co_await EchoBack(exchange);
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  serving.get_future().wait();
  client.Send("GET /second HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.ReadMessage().body, "GET /a?b=c ");
  EXPECT_EQ(client.ReadMessage().body, "GET /second ");
}

TEST(ServerTest, GivesUpOnAReaderThatTakesNothing) {
  ServerLimits limits;
  limits.write_timeout = milliseconds(100);
  std::promise<Code> outcome;
  TestServer server(
      [&](Exchange& exchange) -> Task<void> {
        const std::string piece(1 << 20, 'x');
        Result<void> going = co_await exchange.StartStream(200, {});
        for (int i = 0; going && i < 1000; ++i) going = co_await exchange.Write(piece);
        outcome.set_value(going ? Code::kOk : going.error().code);
      },
      limits);
  RawSocket client = server.Connect();
  client.Send(kGet);
  EXPECT_EQ(outcome.get_future().get(), Code::kCancelled);
}

TEST(ServerTest, ASlowReaderGetsEverything) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    const std::string large(20 << 20, 'z');
    const std::string_view pieces[] = {"begin", large, "end"};
    Result<void> sent = co_await exchange.Respond(200, {}, pieces);
    EXPECT_TRUE(sent);
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  const RawSocket::Message answer = client.ReadMessage();
  EXPECT_EQ(answer.body.size(), (20u << 20) + 8);
  EXPECT_TRUE(answer.body.starts_with("beginzz"));
  EXPECT_TRUE(answer.body.ends_with("zzend"));
}

TEST(ServerTest, AnswersALateHeadWith408AndAnIdleConnectionWithNothing) {
  ServerLimits limits;
  limits.head_timeout = milliseconds(100);
  limits.keep_alive = milliseconds(100);
  TestServer server(EchoBack, limits);
  RawSocket late = server.Connect();
  late.Send("GET / HT");
  EXPECT_EQ(late.ReadMessage().status(), 408);
  RawSocket never = server.Connect();
  EXPECT_TRUE(never.AtEnd());
  RawSocket idle = server.Connect();
  idle.Send(kGet);
  EXPECT_EQ(idle.ReadMessage().status(), 200);
  EXPECT_TRUE(idle.AtEnd());
}

TEST(ServerTest, TellsTheServiceOfABodyThatComesTooSlowly) {
  ServerLimits limits;
  limits.body_timeout = milliseconds(100);
  TestServer server(EchoBack, limits);
  for (std::string_view length : {"10", "1000000"}) {
    RawSocket client = server.Connect();
    client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::string(length) +
                "\r\n\r\nabc");
    const RawSocket::Message answer = client.ReadMessage();
    EXPECT_EQ(answer.status(), 408);
    EXPECT_EQ(answer.body, "the body came too slowly");
  }
}

TEST(ServerTest, ServesAConnectionWhoseBufferWasGivenBack) {
  ServerLimits limits;
  limits.keep_buffer = milliseconds(0);
  TestServer server(EchoBack, limits);
  RawSocket client = server.Connect();
  for (int i = 0; i < 3; ++i) {
    client.Send(kGet);
    EXPECT_EQ(client.ReadMessage().body, "GET /a?b=c ");
    // Timers fire in order: when this one has, the buffer is gone.
    server.thread()
        .Spawn([&]() -> Task<> {
          CancelSignal never;
          co_await server.loop().timers.Sleep(milliseconds(120), never);
        })
        .wait();
  }
}

TEST(ServerTest, DrainLetsRunningExchangesEndAndClosesIdleConnections) {
  std::promise<void> serving, drained;
  auto may_end = drained.get_future().share();
  TestServer server([&](Exchange& exchange) -> Task<void> {
    if (exchange.head().path == "/run") {
      serving.set_value();
      while (may_end.wait_for(milliseconds(0)) != std::future_status::ready) {
        const bool on = co_await server.loop().timers.Sleep(milliseconds(1), exchange.cancel());
        if (!on) co_return;
      }
    }
    co_await EchoBack(exchange);
  });
  RawSocket idle = server.Connect();
  idle.Send(kGet);
  idle.ReadMessage();
  RawSocket running = server.Connect();
  running.Send("GET /run HTTP/1.1\r\nHost: x\r\n\r\n");
  serving.get_future().wait();
  EXPECT_EQ(server.Do([](Server& it) { return it.active(); }), 1u);
  server.Do([](Server& it) { it.Drain(); });
  EXPECT_TRUE(idle.AtEnd());
  drained.set_value();
  const RawSocket::Message answer = running.ReadMessage();
  EXPECT_EQ(answer.body, "GET /run ");
  EXPECT_NE(answer.head.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(running.AtEnd());
}

TEST(ServerTest, StopCancelsWhatRuns) {
  std::promise<void> serving;
  std::promise<bool> ended;
  TestServer server([&](Exchange& exchange) -> Task<void> {
    serving.set_value();
    const bool slept =
        co_await server.loop().timers.Sleep(std::chrono::hours(1), exchange.cancel());
    ended.set_value(!slept);
  });
  RawSocket client = server.Connect();
  client.Send(kGet);
  serving.get_future().wait();
  server.Do([](Server& it) { it.Stop(); });
  EXPECT_TRUE(client.AtEnd());
  EXPECT_TRUE(ended.get_future().get());
}

TEST(ServerTest, MakesRoomForANewConnectionByClosingAnIdleOne) {
  ServerLimits limits;
  limits.max_connections = 2;
  TestServer server(EchoBack, limits);
  RawSocket first = server.Connect();
  first.Send(kGet);
  first.ReadMessage();
  RawSocket second = server.Connect();
  second.Send(kGet);
  second.ReadMessage();
  RawSocket third = server.Connect();
  third.Send(kGet);
  EXPECT_EQ(third.ReadMessage().status(), 200);
  EXPECT_TRUE(first.AtEnd());
  EXPECT_LE(server.Do([](Server& it) { return it.connections(); }), 2u);
}

// ---- Listening

class SilentService final : public Service {
 public:
  Task<void> Serve(Exchange&) override { co_return; }
};

TEST(ServerListenTest, SharesAPortWithItsOwnButNotWithAnotherSocket) {
  Loop loop;
  SilentService service;
  auto first = Server::Listen(loop, {"127.0.0.1", 0}, true, {}, service);
  ASSERT_TRUE(first);
  const ListenAddress bound = (*first)->address();
  auto second = Server::Listen(loop, bound, true, {}, service);
  EXPECT_TRUE(second);
  auto alone = Server::Listen(loop, bound, false, {}, service);
  EXPECT_FALSE(alone);
}

TEST(ServerListenTest, RefusesASharedPortThatAnotherProcessHolds) {
  Loop loop;
  SilentService service;
  // As another process would: with the option that lets sockets share.
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(other, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(other, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(other, 1), 0);
  socklen_t size = sizeof(address);
  ::getsockname(other, reinterpret_cast<sockaddr*>(&address), &size);
  auto ours = Server::Listen(loop, {"127.0.0.1", ntohs(address.sin_port)}, true, {}, service);
  EXPECT_FALSE(ours);
  ::close(other);
}

TEST(ServerListenTest, ParsesAddresses) {
  EXPECT_EQ(ListenAddress::Parse("127.0.0.1:8900")->port, 8900);
  EXPECT_EQ(ListenAddress::Parse("[::1]:0")->host, "::1");
  EXPECT_EQ(ListenAddress::Parse("[::1]:5")->ToString(), "[::1]:5");
  EXPECT_EQ(ListenAddress::Parse("localhost:1")->host, "127.0.0.1");
  EXPECT_TRUE(ListenAddress::Parse("[::1]:5")->is_loopback());
  EXPECT_FALSE(ListenAddress::Parse("0.0.0.0:5")->is_loopback());
  EXPECT_FALSE(ListenAddress::Parse("::1:5"));
  EXPECT_FALSE(ListenAddress::Parse("example.com:5"));
  EXPECT_FALSE(ListenAddress::Parse("127.0.0.1:99999"));
  EXPECT_FALSE(ListenAddress::Parse("127.0.0.1"));
}

}  // namespace
}  // namespace base::http
