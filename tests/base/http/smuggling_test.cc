// Heads on which two readers could disagree. Each is refused, and nothing behind it is taken for a
// request.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/base/http/test_server.h"

namespace base::http {
namespace {

using test_support::EchoBack, test_support::RawSocket, test_support::TestServer;

struct Attack {
  const char* name;
  std::string bytes;
  int status;
};
void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

class SmugglingTest : public testing::TestWithParam<Attack> {};

TEST_P(SmugglingTest, IsRefusedAndTheConnectionIsClosed) {
  std::atomic<int> served = 0;
  TestServer server([&](Exchange& exchange) -> Task<void> {
    ++served;
    co_await EchoBack(exchange);
  });
  RawSocket client = server.Connect();
  client.Send(GetParam().bytes + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
  client.ShutdownSend();
  const std::string answers = client.ReadToEnd();
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 " + std::to_string(GetParam().status) + " "))
      << answers;
  EXPECT_EQ(answers.find("HTTP/1.1", 8), std::string::npos) << answers;
  EXPECT_NE(answers.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(served, 0);
}

std::string Post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}

INSTANTIATE_TEST_SUITE_P(
    Table, SmugglingTest,
    testing::Values(
        Attack{"LengthAndChunks",
               Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        Attack{"ChunksAndLength",
               Post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
        Attack{"TwoLengths", Post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
        Attack{"TheSameLengthTwice", Post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
               400},
        Attack{"AListOfLengths", Post("Content-Length: 5, 5\r\n", "hello"), 400},
        Attack{"ASignedLength", Post("Content-Length: +5\r\n", "hello"), 400},
        Attack{"ANegativeLength", Post("Content-Length: -5\r\n", "hello"), 400},
        Attack{"AHexLength", Post("Content-Length: 0x5\r\n", "hello"), 400},
        Attack{"AnEmptyLength", Post("Content-Length: \r\n", "hello"), 400},
        Attack{"AnEndlessLength", Post("Content-Length: 99999999999999999999999\r\n", "hello"),
               400},
        Attack{"AnotherCoding", Post("Transfer-Encoding: gzip\r\n", ""), 400},
        Attack{"TwoCodings", Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
        Attack{"ChunkedTwice",
               Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
               400},
        Attack{"AHiddenCoding", Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
        Attack{"ATabbedCoding", Post("Transfer-Encoding: chunked\x0b\r\n", "0\r\n\r\n"), 400},
        Attack{"ChunksInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               400},
        Attack{"AFoldedField", Post("X-A: b\r\n c\r\n", ""), 400},
        Attack{"AFoldedLength", Post("Content-Length:\r\n 5\r\n", "hello"), 400},
        Attack{"AFoldBeforeTheFirstField", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
        Attack{"ASpaceBeforeTheColon", Post("Content-Length : 5\r\n", "hello"), 400},
        Attack{"NoColon", Post("Content-Length 5\r\n", "hello"), 400},
        Attack{"AnEmptyName", Post(": 5\r\n", "hello"), 400},
        Attack{"ANulInAValue", Post(std::string("X-A: b\0c\r\n", 10), ""), 400},
        Attack{"ABareLineFeedInAValue", Post("X-A: b\nContent-Length: 5\r\n", ""), 400},
        Attack{"ABareReturnInAValue", Post("X-A: b\rContent-Length: 5\r\n", ""), 400},
        Attack{"ABareLineFeedAfterTheRequestLine", "GET / HTTP/1.1\nHost: x\r\n\r\n", 505},
        Attack{"ALetterOutsideAsciiInAName", Post("X-\xc3\xa4: b\r\n", ""), 400},
        Attack{"TwoHosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        Attack{"NoHost", "GET / HTTP/1.1\r\nAccept: a\r\n\r\n", 400},
        Attack{"ASpaceInTheTarget", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 505},
        Attack{"AControlInTheTarget", "GET /a\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Attack{"AFragmentInTheTarget", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Attack{"ATargetWithoutSlash", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Attack{"ATunnel", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Attack{"ABadMethod", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Attack{"HttpTwo", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        Attack{"NoHttpAtAll", "\x16\x03\x01\x02garbage\r\n\r\n", 400},
        Attack{"AHeadWithoutEnd", "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'x'),
               431},
        Attack{"TooManyFields",
               [] {
                 std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n";
                 for (int i = 0; i < 5000; ++i) bytes += "A: b\r\n";
                 return bytes + "\r\n";
               }(),
               431}),
    [](const auto& attack) { return std::string(attack.param.name); });

class BrokenChunksTest : public testing::TestWithParam<Attack> {};

TEST_P(BrokenChunksTest, FailTheBody) {
  TestServer server(EchoBack);
  RawSocket client = server.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
              GetParam().bytes);
  client.ShutdownSend();
  const std::string answers = client.ReadToEnd();
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 400 ")) << answers;
  EXPECT_EQ(answers.find("HTTP/1.1", 8), std::string::npos) << answers;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenChunksTest,
    testing::Values(Attack{"NoNumber", "x\r\nhello\r\n0\r\n\r\n", 400},
                    Attack{"ASign", "+5\r\nhello\r\n0\r\n\r\n", 400},
                    Attack{"APrefix", "0x5\r\nhello\r\n0\r\n\r\n", 400},
                    Attack{"TooLargeForANumber", "fffffffffffffffff\r\nhello\r\n", 400},
                    Attack{"LongerThanItSays", "3\r\nhello\r\n0\r\n\r\n", 400},
                    Attack{"ABareLineFeed", "5\nhello\r\n0\r\n\r\n", 400},
                    Attack{"ABrokenExtension", "5;\x01\r\nhello\r\n0\r\n\r\n", 400},
                    Attack{"AnEndlessExtension", "5;" + std::string(100'000, 'a'), 400},
                    Attack{"NoEnd", "5\r\nhello\r\n", 400}),
    [](const auto& attack) { return std::string(attack.param.name); });

}  // namespace
}  // namespace base::http
