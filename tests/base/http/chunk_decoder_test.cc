#include "base/http/chunk_decoder.h"

#include <gtest/gtest.h>

#include <boost/beast/http/basic_parser.hpp>
#include <random>
#include <string>

namespace base::http {
namespace {

struct Read {
  std::string payload;
  std::size_t consumed = 0;
  bool done = false;
  bool broken = false;
};

Read Decode(std::string_view body, std::size_t step = 1 << 20) {
  ChunkDecoder decoder;
  Read read;
  while (read.consumed < body.size() && !read.done && !read.broken) {
    std::string piece(body.substr(read.consumed, step));
    const ChunkDecoder::Outcome outcome = decoder.Decode(piece.data(), piece.size());
    read.payload += outcome.payload;
    read.consumed += outcome.consumed;
    read.done = outcome.done;
    read.broken = outcome.broken;
  }
  return read;
}

bool IsBroken(std::string_view body) { return Decode(body).broken; }

TEST(ChunkDecoderTest, JoinsChunksAndEndsBehindTheEmptyLine) {
  const Read read = Decode("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\nGET / HTTP/1.1");
  EXPECT_TRUE(read.done);
  EXPECT_EQ(read.payload, "hello, world");
  EXPECT_EQ(read.consumed, 27u);
}

TEST(ChunkDecoderTest, TheFirstPayloadOfAnInputStaysWhereItIs) {
  std::string bytes = "5\r\nhello\r\n1\r\n!";
  ChunkDecoder decoder;
  const ChunkDecoder::Outcome outcome = decoder.Decode(bytes.data(), bytes.size());
  EXPECT_EQ(outcome.payload, "hello!");
  EXPECT_EQ(outcome.payload.data(), bytes.data() + 3);
  EXPECT_EQ(outcome.consumed, bytes.size());
}

TEST(ChunkDecoderTest, AnySplitReadsTheSame) {
  constexpr std::string_view kBody = "5;a=b\r\nhello\r\nA\r\n0123456789\r\n00;x\r\nA: b\r\n\r\n";
  for (std::size_t step = 1; step < kBody.size(); ++step) {
    const Read read = Decode(kBody, step);
    EXPECT_TRUE(read.done) << step;
    EXPECT_EQ(read.payload, "hello0123456789") << step;
  }
}

TEST(ChunkDecoderTest, ReadsOverExtensionsAndTrailers) {
  const Read read = Decode(
      "5 ; a = \"b;c\"\r\nhello\r\n"
      "0;last\r\nContent-Length: 7\r\nX-Sum:\t1\r\n\r\n");
  EXPECT_TRUE(read.done);
  EXPECT_EQ(read.payload, "hello");
}

TEST(ChunkDecoderTest, ASizeHasAtMostSixteenDigits) {
  EXPECT_FALSE(IsBroken("ffffffffffffffff\r\nabc"));
  EXPECT_FALSE(IsBroken("0000000000000001\r\n"));
  EXPECT_TRUE(IsBroken("10000000000000000\r\n"));
  EXPECT_TRUE(IsBroken("00000000000000001\r\n"));
}

TEST(ChunkDecoderTest, NothingButDigitsIsASize) {
  EXPECT_TRUE(IsBroken("\r\n"));
  EXPECT_TRUE(IsBroken(";a\r\n"));
  EXPECT_TRUE(IsBroken(" 5\r\n"));
  EXPECT_TRUE(IsBroken("-5\r\n"));
  EXPECT_TRUE(IsBroken("0x5\r\n"));
  EXPECT_TRUE(IsBroken("5g\r\n"));
  EXPECT_TRUE(IsBroken("5 5\r\n"));
  EXPECT_TRUE(IsBroken("5 \r\n"));
}

TEST(ChunkDecoderTest, EveryLineEndsInCarriageReturnAndLineFeed) {
  EXPECT_TRUE(IsBroken("5\nhello"));
  EXPECT_TRUE(IsBroken("5\r\r\n"));
  EXPECT_TRUE(IsBroken("5;a\nhello"));
  EXPECT_TRUE(IsBroken("5;a\rb\r\nhello"));
  EXPECT_TRUE(IsBroken("5\r\nhello\n0"));
  EXPECT_TRUE(IsBroken("5\r\nhello0"));
  EXPECT_TRUE(IsBroken("0\r\n\n"));
  EXPECT_TRUE(IsBroken("0\r\nA: b\n\r\n"));
  EXPECT_TRUE(IsBroken("0\r\nA: b\r\r\n"));
}

TEST(ChunkDecoderTest, ATrailerIsAFieldOnOneLine) {
  EXPECT_TRUE(IsBroken("0\r\nA b\r\n"));
  EXPECT_TRUE(IsBroken("0\r\n: b\r\n"));
  EXPECT_TRUE(IsBroken("0\r\nA: b\r\n c\r\n"));
  EXPECT_TRUE(IsBroken(std::string_view("0\r\nA: \0\r\n", 9)));
}

TEST(ChunkDecoderTest, WhatIsNotPayloadIsBounded) {
  const std::string much(20'000, 'a');
  EXPECT_TRUE(IsBroken("5;" + much));
  EXPECT_TRUE(IsBroken("0\r\nA: " + much));
  std::string many_extensions;
  for (int i = 0; i < 100; ++i) many_extensions += "1;" + std::string(200, 'a') + "\r\nx\r\n";
  EXPECT_TRUE(IsBroken(many_extensions));
}

TEST(ChunkDecoderTest, AStreamOfSmallChunksIsNot) {
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "1\r\nx\r\n";
  const Read read = Decode(many + "0\r\n\r\n");
  EXPECT_TRUE(read.done);
  EXPECT_EQ(read.payload.size(), 100'000u);
}

// ---- Held against Beast's, which reads a whole response.

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

class BeastReader final : public beast_http::basic_parser<false> {
 public:
  static Read Decode(std::string_view body) {
    BeastReader reader;
    reader.body_limit(boost::none);
    reader.eager(true);
    const std::string all =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
    const std::size_t head = all.size() - body.size();
    std::size_t consumed = 0;
    error_code failed;
    while (consumed < all.size() && !reader.is_done() && !failed) {
      const std::size_t taken =
          reader.put(boost::asio::buffer(all.data() + consumed, all.size() - consumed), failed);
      if (taken == 0) break;
      consumed += taken;
    }
    if (failed == beast_http::error::need_more) failed = {};
    return {reader.payload_, consumed - std::min(consumed, head), reader.is_done(), !!failed};
  }

 private:
  void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(beast_http::field, string_view, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    payload_.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  std::string payload_;
};

class RandomBody {
 public:
  explicit RandomBody(unsigned seed) : random_(seed) {}

  std::string Make() {
    std::string body;
    for (int chunks = Below(4); chunks > 0; --chunks) {
      const int size = 1 + Below(40);
      body += Size(size) + Extensions() + "\r\n";
      for (int i = 0; i < size; ++i) body += static_cast<char>(Below(256));
      body += "\r\n";
    }
    body += std::string(static_cast<std::size_t>(1 + Below(3)), '0') + Extensions() + "\r\n";
    for (int trailers = Below(3); trailers > 0; --trailers) body += "X-Sum: a b\r\n";
    return body + "\r\n";
  }

  // A few bytes otherwise; extensions stay as they are, since Beast reads more of them.
  std::string Break(std::string body) {
    constexpr std::string_view kBytes = "\r\n\n\r0123456789abcdefgxABCDEF:; \t-+\"\x7f\x80";
    for (int changes = 1 + Below(3); changes > 0; --changes) {
      const auto at = static_cast<std::size_t>(Below(static_cast<int>(body.size())));
      const char byte = kBytes[static_cast<std::size_t>(Below(static_cast<int>(kBytes.size())))];
      switch (Below(3)) {
        case 0: body[at] = byte; break;
        case 1: body.insert(at, 1, byte); break;
        default: body.erase(at, 1);
      }
    }
    return body;
  }

  bool with_extensions = false;

 private:
  int Below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  std::string Size(int size) {
    char text[16];
    std::snprintf(text, sizeof(text), Below(2) ? "%x" : "%04X", static_cast<unsigned>(size));
    return text;
  }
  std::string Extensions() {
    constexpr std::string_view kSome[] = {"", "", ";a", ";a=b", " ; a = b;c", ";q=\"x y\""};
    return std::string(kSome[with_extensions ? Below(6) : 0]);
  }

  std::mt19937 random_;
};

TEST(ChunkDecoderTest, ReadsValidBodiesAsBeastDoes) {
  RandomBody random(1);
  random.with_extensions = true;
  for (int i = 0; i < 3'000; ++i) {
    const std::string body = random.Make();
    const Read ours = Decode(body + "GET"), theirs = BeastReader::Decode(body + "GET");
    ASSERT_TRUE(ours.done && theirs.done) << testing::PrintToString(body);
    ASSERT_EQ(ours.payload, theirs.payload) << testing::PrintToString(body);
    ASSERT_EQ(ours.consumed, theirs.consumed) << testing::PrintToString(body);
  }
}

// A semicolon may begin an extension, which Beast reads more closely.
TEST(ChunkDecoderTest, WhatBeastRefusesIsRefusedAndWhatBothTakeIsTheSame) {
  RandomBody random(2);
  int both = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string body = random.Break(random.Make());
    const Read ours = Decode(body);
    if (!ours.done) continue;
    const Read theirs = BeastReader::Decode(body);
    if (!theirs.done && body.find(';') != std::string::npos) continue;
    ASSERT_TRUE(theirs.done) << testing::PrintToString(body);
    ASSERT_EQ(ours.payload, theirs.payload) << testing::PrintToString(body);
    ASSERT_EQ(ours.consumed, theirs.consumed) << testing::PrintToString(body);
    ++both;
  }
  EXPECT_GT(both, 1'000);
}

}  // namespace
}  // namespace base::http
