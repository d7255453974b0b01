#include "base/http/client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/base/http/test_client.h"
#include "tests/base/http/test_server.h"

namespace base::http {
namespace {

using std::chrono::milliseconds;
using test_support::EchoBack, test_support::RawListener, test_support::RawSocket,
    test_support::TestClient, test_support::TestServer;

constexpr std::string_view kPong = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong";

TEST(ClientTest, SendsHeadAndBodyAndReadsTheAnswer) {
  RawListener server;
  TestClient client;
  auto outcome = client.Send(server.url("/p?q=1"));
  RawSocket connection = server.Accept();
  const RawSocket::Message request = connection.ReadMessage();
  EXPECT_EQ(request.head,
            "POST /p?q=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\nContent-Length: 4\r\nX-Test: yes\r\n\r\n");
  EXPECT_EQ(request.body, "ping");
  connection.Send(kPong);
  const TestClient::Outcome answer = outcome.get();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "pong");
  EXPECT_FALSE(answer.times.reused);
  EXPECT_GT(answer.times.tcp.count(), 0);
}

TEST(ClientTest, KeepsTheConnection) {
  RawListener server;
  TestClient client;
  auto first = client.Send(server.url());
  RawSocket connection = server.Accept();
  for (int i = 0; i < 5; ++i) {
    connection.ReadMessage();
    connection.Send(kPong);
    EXPECT_EQ(first.get().body, "pong");
    first = client.Send(server.url());
  }
  connection.ReadMessage();
  connection.Send(kPong);
  EXPECT_TRUE(first.get().times.reused);
  EXPECT_EQ(client.open_connections(), 1u);
}

TEST(ClientTest, ReadsChunksAndBodiesThatEndWithTheConnection) {
  RawListener server;
  TestClient client;
  auto chunked = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  for (char c : std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                            "chunked\r\n\r\n2\r\npo\r\n2\r\nng\r\n0\r\n\r\n")) {
    connection.Send(std::string_view(&c, 1));
  }
  EXPECT_EQ(chunked.get().body, "pong");
  auto until_end = client.Send(server.url());
  connection.ReadMessage();
  connection.Send("HTTP/1.1 200 OK\r\n\r\nall of it");
  connection.Close();
  EXPECT_EQ(until_end.get().body, "all of it");
  EXPECT_EQ(client.open_connections(), 0u);
}

TEST(ClientTest, SkipsInterimResponsesAndBodilessOnes) {
  RawListener server;
  TestClient client;
  auto outcome = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No "
      "Content\r\n\r\n");
  EXPECT_EQ(outcome.get().status, 204);
  auto head = client.Send(server.url(), "", nullptr, "HEAD");
  EXPECT_TRUE(connection.ReadUntil("\r\n\r\n").starts_with("HEAD / "));
  connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_EQ(head.get().body, "");
  EXPECT_EQ(client.open_connections(), 1u);
}

TEST(ClientTest, MovesLargeBodiesBothWays) {
  TestServer server(EchoBack);
  TestClient client;
  std::string body;
  for (int i = 0; body.size() < (3 << 20); ++i) body += std::to_string(i) + ";";
  const TestClient::Outcome answer =
      client.Send("http://127.0.0.1:" + std::to_string(server.port()) + "/big", body).get();
  EXPECT_TRUE(answer.body == "POST /big " + body);
}

TEST(ClientTest, GivesStreamsOutPieceByPiece) {
  TestServer server([](Exchange& exchange) -> Task<void> {
    Result<void> going = co_await exchange.StartStream(200, {});
    for (int i = 0; i < 500 && going; ++i) going = co_await exchange.Write("data: event\n\n");
    going = co_await exchange.FinishStream();
  });
  TestClient client;
  std::string all;
  bool complete = false;
  client
      .Spawn([&](Client& it) -> Task<> {
        const Url url = *Url::Parse("http://127.0.0.1:" + std::to_string(server.port()));
        const Client::Request request;
        auto sent = co_await it.Send(url, request);
        EXPECT_TRUE(sent);
        if (!sent) co_return;
        for (;;) {
          Result<std::string_view> some = co_await (*sent)->ReadSome();
          EXPECT_TRUE(some);
          if (!some || some->empty()) break;
          all += *some;
        }
        complete = (*sent)->complete();
      })
      .wait();
  EXPECT_TRUE(complete);
  EXPECT_EQ(all.size(), 500u * 13);
  EXPECT_EQ(client.open_connections(), 1u);
}

// ---- Kept connections that turn out to be closed

TEST(ClientTest, AKeptConnectionThatItsServerClosedLeavesThePool) {
  RawListener server;
  TestClient client;
  auto first = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send(kPong);
  first.get();
  connection.Close();
  while (client.open_connections() > 0) {
  }
  auto second = client.Send(server.url());
  connection = server.Accept();
  connection.ReadMessage();
  connection.Send(kPong);
  const TestClient::Outcome answer = second.get();
  EXPECT_EQ(answer.body, "pong");
  EXPECT_FALSE(answer.times.reused);
}

TEST(ClientTest, RepeatsARequestThatAKeptConnectionAnsweredWithAReset) {
  RawListener server;
  TestClient client;
  auto first = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send(kPong);
  first.get();
  auto second = client.Send(server.url());
  connection.ReadUntil("POST");
  connection.Reset();
  RawSocket another = server.Accept();
  another.ReadMessage();
  another.Send(kPong);
  EXPECT_EQ(second.get().body, "pong");
}

TEST(ClientTest, DoesNotRepeatAPostThatTheServerHasRead) {
  RawListener server;
  TestClient client;
  auto first = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send(kPong);
  first.get();
  auto second = client.Send(server.url());
  connection.ReadMessage();
  connection.Close();  // read, perhaps worked on, never answered
  const TestClient::Outcome answer = second.get();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code, Code::kUnavailable);
  EXPECT_FALSE(answer.nothing_sent);
  EXPECT_EQ(answer.stage, "http");
}

TEST(ClientTest, DoesNotRepeatOnceAByteOfTheAnswerCame) {
  RawListener server;
  TestClient client;
  auto first = client.Send(server.url(), "", nullptr, "GET");
  RawSocket connection = server.Accept();
  connection.ReadUntil("\r\n\r\n");
  connection.Send(kPong);
  first.get();
  auto second = client.Send(server.url(), "", nullptr, "GET");
  connection.ReadUntil("\r\n\r\n");
  connection.Send("HTTP/1.1 20");
  connection.Close();
  EXPECT_TRUE(second.get().error);
}

TEST(ClientTest, DoesNotReuseAConnectionThatHoldsBytesNobodyAskedFor) {
  RawListener server;
  TestClient client;
  auto first = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send(std::string(kPong) + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  EXPECT_EQ(first.get().body, "pong");
  auto second = client.Send(server.url());
  RawSocket another = server.Accept();
  another.ReadMessage();
  another.Send(kPong);
  EXPECT_EQ(second.get().body, "pong");
}

// ---- Failures, by stage

TEST(ClientTest, NamesTheStageThatFailed) {
  TestClient client;
  const TestClient::Outcome no_name = client.Send("http://no-such-host.invalid/").get();
  EXPECT_EQ(no_name.stage, "dns");
  EXPECT_TRUE(no_name.nothing_sent);
  RawListener nobody;
  const std::string url = nobody.url();
  nobody.Close();
  const TestClient::Outcome refused = client.Send(url).get();
  EXPECT_EQ(refused.stage, "tcp");
  EXPECT_EQ(refused.error->code, Code::kUnavailable);
  EXPECT_TRUE(refused.nothing_sent);
  EXPECT_EQ(client.open_connections(), 0u);
}

class MalformedAnswerTest : public testing::TestWithParam<const char*> {};

TEST_P(MalformedAnswerTest, IsAFailure) {
  RawListener server;
  TestClient client;
  auto outcome = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send(GetParam());
  connection.Close();
  const TestClient::Outcome answer = outcome.get();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code, Code::kUnavailable) << answer.error->message;
  EXPECT_EQ(client.open_connections(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MalformedAnswerTest,
    testing::Values("", "\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
                    "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"));

TEST(ClientTest, RefusesAnEndlessHead) {
  ClientLimits limits;
  limits.max_head_bytes = 8 * 1024;
  RawListener server;
  TestClient client(limits);
  auto outcome = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'));
  EXPECT_TRUE(outcome.get().error);
}

TEST(ClientTest, RefusesABodyOverTheCallersCap) {
  RawListener server;
  TestClient client;
  std::optional<Error> error;
  auto done = client.Spawn([&](Client& it) -> Task<> {
    const Url url = *Url::Parse(server.url());
    const Client::Request request;
    auto sent = co_await it.Send(url, request);
    if (!sent) co_return;
    Result<std::string_view> body = co_await (*sent)->ReadBody(10);
    if (!body) error = body.error();
  });
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890");
  done.wait();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Code::kResourceExhausted);
}

TEST(ClientTest, EndsWaitsByTheirDeadlines) {
  ClientLimits limits;
  limits.first_byte = milliseconds(60);
  limits.idle = milliseconds(60);
  RawListener server;
  TestClient client(limits);
  auto silent = client.Send(server.url());
  RawSocket first = server.Accept();
  EXPECT_EQ(silent.get().error->code, Code::kDeadlineExceeded);
  auto stuck = client.Send(server.url());
  RawSocket second = server.Accept();
  second.ReadMessage();
  second.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_EQ(stuck.get().error->code, Code::kDeadlineExceeded);
}

TEST(ClientTest, TakesAnAnswerThatCameBeforeTheRequestWasRead) {
  RawListener server;
  TestClient client;
  auto outcome = client.Send(server.url(), std::string(50 << 20, 'x'));
  RawSocket connection = server.Accept();
  connection.ReadUntil("\r\n\r\n");
  connection.Send(
      "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
  connection.ShutdownSend();
  connection.ReadToEnd();
  EXPECT_EQ(outcome.get().status, 413);
}

// ---- Cancel, in each stage

TEST(ClientCancelTest, WhileTheAnswerIsAwaited) {
  RawListener server;
  TestClient client;
  CancelSignal cancel;
  auto outcome = client.Send(server.url(), "ping", &cancel);
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  client.thread().Do([&] { cancel.Request(); });
  EXPECT_EQ(outcome.get().error->code, Code::kCancelled);
  EXPECT_TRUE(connection.AtEnd());
}

TEST(ClientCancelTest, WhileTheBodyIsRead) {
  RawListener server;
  TestClient client;
  CancelSignal cancel;
  auto outcome = client.Send(server.url(), "ping", &cancel);
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhe");
  client.thread().Do([&] { cancel.Request(); });
  EXPECT_EQ(outcome.get().error->code, Code::kCancelled);
}

TEST(ClientCancelTest, WhileTheRequestIsWritten) {
  RawListener server;
  TestClient client;
  CancelSignal cancel;
  auto outcome = client.Send(server.url(), std::string(50 << 20, 'x'), &cancel);
  RawSocket connection = server.Accept();
  connection.ReadUntil("\r\n\r\n");
  client.thread().Do([&] { cancel.Request(); });
  EXPECT_EQ(outcome.get().error->code, Code::kCancelled);
}

TEST(ClientCancelTest, WhileAConnectionIsAwaitedOrMade) {
  ClientLimits limits;
  limits.max_connections_per_origin = 1;
  limits.connect = std::chrono::hours(1);
  RawListener server;
  TestClient client(limits);
  auto running = client.Send(server.url());
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  CancelSignal queued, dialing, early;
  auto in_queue = client.Send(server.url(), "ping", &queued);
  // TEST-NET-1: nobody answers there, if it can be reached at all.
  auto in_dial = client.Send("http://192.0.2.1:9/", "ping", &dialing);
  client.thread().Do([&] {
    queued.Request();
    dialing.Request();
    early.Request();
  });
  EXPECT_EQ(in_queue.get().error->code, Code::kCancelled);
  const TestClient::Outcome dialed = in_dial.get();
  EXPECT_TRUE(dialed.error->code == Code::kCancelled || dialed.error->code == Code::kUnavailable);
  EXPECT_TRUE(dialed.nothing_sent);
  EXPECT_EQ(client.Send(server.url(), "ping", &early).get().error->code, Code::kCancelled);
  connection.Send(kPong);
  EXPECT_EQ(running.get().body, "pong");
}

// ---- The bound of connections

TEST(ClientTest, QueuesForAConnectionWhenAllAreBusy) {
  ClientLimits limits;
  limits.max_connections_per_origin = 1;
  RawListener server;
  TestClient client(limits);
  auto first = client.Send(server.url(), "one");
  RawSocket connection = server.Accept();
  EXPECT_EQ(connection.ReadMessage().body, "one");
  auto second = client.Send(server.url(), "two");
  auto third = client.Send(server.url(), "three");
  EXPECT_EQ(client.open_connections(), 1u);
  connection.Send(kPong);
  EXPECT_EQ(connection.ReadMessage().body, "two");
  connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  RawSocket another = server.Accept();
  EXPECT_EQ(another.ReadMessage().body, "three");
  another.Send(kPong);
  EXPECT_EQ(first.get().status, 200);
  EXPECT_EQ(second.get().status, 200);
  EXPECT_EQ(third.get().body, "pong");
}

TEST(ClientTest, WaitsForAConnectionOnlyAsLongAsConnectingMayTake) {
  ClientLimits limits;
  limits.max_connections_per_origin = 1;
  limits.connect = milliseconds(60);
  RawListener server;
  TestClient client(limits);
  auto first = client.Send(server.url(), "one");
  RawSocket connection = server.Accept();
  connection.ReadMessage();
  const TestClient::Outcome second = client.Send(server.url(), "two").get();
  EXPECT_EQ(second.error->code, Code::kResourceExhausted);
  EXPECT_TRUE(second.nothing_sent);
  connection.Send(kPong);
  EXPECT_EQ(first.get().status, 200);
}

}  // namespace
}  // namespace base::http
