#include "mcp/sse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mcp {
namespace {

// What a parser says when it is fed `pieces`: one line an event.
std::string Parse(const std::vector<std::string>& pieces,
                  std::size_t max_event_bytes = kMaxEventBytes) {
  SseParser parser(max_event_bytes);
  std::string out;
  for (const std::string& piece : pieces) {
    // A copy of exact size on the heap, so that a view kept too long is seen.
    const std::vector<char> bytes(piece.begin(), piece.end());
    parser.Feed({bytes.data(), bytes.size()});
    for (;;) {
      const auto event = parser.Next();
      if (!event) return out + "error";
      if (!*event) break;
      out += "[" + std::string((*event)->type) + "|" + std::string((*event)->data) + "|";
      if ((*event)->has_id) out += "id=" + std::string((*event)->id);
      if ((*event)->retry_ms) out += "retry=" + std::to_string(*(*event)->retry_ms);
      out += "]";
    }
  }
  return out;
}

TEST(SseParserTest, ReadsEvents) {
  EXPECT_EQ(Parse({"data: a\n\ndata:b\n\n"}), "[|a|][|b|]");
  EXPECT_EQ(Parse({"event: message\ndata: {\"a\":1}\nid: 5\nretry: 500\n\n"}),
            "[message|{\"a\":1}|id=5retry=500]");
}

TEST(SseParserTest, JoinsDataLinesWithALineFeed) {
  EXPECT_EQ(Parse({"data: a\ndata: b\ndata:\ndata:  c\n\n"}), "[|a\nb\n\n c|]");
}

TEST(SseParserTest, KnowsEveryLineEnd) {
  EXPECT_EQ(Parse({"data: a\r\n\r\ndata: b\r\rdata: c\n\n"}), "[|a|][|b|][|c|]");
  EXPECT_EQ(Parse({"data: a\r", "\n\r", "\ndata: b\r", "\r", "data: c\r\n", "\n"}),
            "[|a|][|b|][|c|]");
}

TEST(SseParserTest, SkipsAByteOrderMarkCommentsAndUnknownFields) {
  EXPECT_EQ(Parse({"\xEF\xBB\xBF"
                   "data: a\n\n: hello\n\nfoo: bar\nfoo\n\ndata: b\n\n"}),
            "[|a|][|b|]");
}

TEST(SseParserTest, GivesPrimingEvents) {
  EXPECT_EQ(Parse({"id: 0\nretry: 5000\ndata:\n\ndata: a\n\n"}), "[||id=0retry=5000][|a|]");
  EXPECT_EQ(Parse({"id: 0\n\n"}), "[||id=0]");
}

TEST(SseParserTest, IgnoresBrokenFields) {
  EXPECT_EQ(Parse({"retry: 5x\ndata: a\n\n"}), "[|a|]");
  EXPECT_EQ(Parse({std::string("id: a\0b\ndata: a\n\n", 17)}), "[|a|]");
}

TEST(SseParserTest, DropsAnEventThatDoesNotEnd) {
  EXPECT_EQ(Parse({"data: a\n\ndata: b\n"}), "[|a|]");
}

TEST(SseParserTest, AnySplitGivesTheSameEvents) {
  const std::string stream =
      "\xEF\xBB\xBF: c\r\nevent: message\r\ndata: {\"a\":\"\xC3\xA9\"}\r\nid: 1\r\n\r\ndata: "
      "x\rdata: y\r\rretry: 7\ndata: z\n\n";
  const std::string whole = Parse({stream});
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    for (std::size_t j = i; j <= stream.size(); ++j) {
      EXPECT_EQ(Parse({stream.substr(0, i), stream.substr(i, j - i), stream.substr(j)}), whole)
          << i << " " << j;
    }
  }
}

TEST(SseParserTest, RefusesAnEventThatIsTooLong) {
  EXPECT_EQ(Parse({"data: " + std::string(50, 'x') + "\n\n"}, 100),
            "[|" + std::string(50, 'x') + "|]");
  EXPECT_EQ(Parse({"data: " + std::string(200, 'x')}, 100), "error");
  EXPECT_EQ(Parse({"data: 0123456789\n", "data: 0123456789\n", "data: 0123456789\n", "\n"}, 25),
            "error");
  EXPECT_EQ(Parse({": " + std::string(80, 'x'), std::string(80, 'x')}, 100), "error");
}

TEST(AppendEventTest, WritesWhatTheParserReads) {
  for (const std::string message :
       {"{\"a\":1}", "{\n\"a\":1\n}", "{\r\n\"a\":1}", "{\r\"a\":1}", "x\n"}) {
    std::string out;
    AppendEvent(out, message, "7");
    std::string expected = message;
    if (const auto at = expected.find("\r\n"); at != std::string::npos) expected.erase(at, 1);
    if (const auto at = expected.find('\r'); at != std::string::npos) expected[at] = '\n';
    if (expected.ends_with('\n')) expected.pop_back();
    EXPECT_EQ(Parse({out}), "[message|" + expected + "|id=7]");
  }
}

}  // namespace
}  // namespace mcp
