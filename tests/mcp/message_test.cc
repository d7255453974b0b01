#include "mcp/message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mcp/raw_json.h"

namespace mcp {
namespace {

using base::Code;

Code ScanCode(std::string_view bytes) {
  const base::Result<Envelope> envelope = Scan(bytes);
  return envelope ? Code::kOk : envelope.error().code;
}

std::string Nested(int depth) {
  return R"({"jsonrpc":"2.0","method":"x","params":{"a":)" + std::string(depth, '[') +
         std::string(depth, ']') + "}}";
}

TEST(ScanTest, FindsEveryPartOfAModernCall) {
  const std::string bytes =
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":1},)"
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":)"
      R"({"name":"probe","version":"1"},"io.modelcontextprotocol/clientCapabilities":{},"progressToken":"t"}}})";
  const base::Result<Envelope> envelope = Scan(bytes);
  ASSERT_TRUE(envelope) << envelope.error().message;
  EXPECT_EQ(envelope->kind, Envelope::Kind::kRequest);
  EXPECT_EQ(envelope->id.of(bytes), "7");
  EXPECT_EQ(envelope->method.of(bytes), "\"tools/call\"");
  EXPECT_EQ(envelope->name.of(bytes), "\"add\"");
  EXPECT_EQ(envelope->arguments.of(bytes), R"({"a":1})");
  EXPECT_EQ(envelope->protocol_version.of(bytes), "\"2026-07-28\"");
  EXPECT_EQ(envelope->client_info.of(bytes), R"({"name":"probe","version":"1"})");
  EXPECT_EQ(envelope->client_name.of(bytes), "\"probe\"");
  EXPECT_EQ(envelope->client_version.of(bytes), "\"1\"");
  EXPECT_EQ(envelope->client_capabilities.of(bytes), "{}");
  EXPECT_EQ(envelope->progress_token.of(bytes), "\"t\"");
}

TEST(ScanTest, TellsTheFourKindsApart) {
  EXPECT_EQ(Scan(R"({"jsonrpc":"2.0","id":"a","method":"ping"})")->kind, Envelope::Kind::kRequest);
  EXPECT_EQ(Scan(R"({"jsonrpc":"2.0","method":"ping"})")->kind, Envelope::Kind::kNotification);
  EXPECT_EQ(Scan(R"({"jsonrpc":"2.0","id":0,"result":{"isError":true}})")->kind,
            Envelope::Kind::kResult);
  EXPECT_EQ(Scan(R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"m"}})")->kind,
            Envelope::Kind::kError);
}

TEST(ScanTest, FindsTheLevelsOfAResult) {
  const std::string bytes =
      R"({"jsonrpc":"2.0","id":1,"result":{"isError":true,"resultType":"complete","_meta":{"a":1}}})";
  const base::Result<Envelope> envelope = Scan(bytes);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->is_error.of(bytes), "true");
  EXPECT_EQ(envelope->result_type.of(bytes), "\"complete\"");
  EXPECT_EQ(envelope->meta.of(bytes), R"({"a":1})");
}

TEST(ScanTest, RefusesADuplicateKeyWhereverItLooks) {
  EXPECT_EQ(ScanCode(R"({"jsonrpc":"2.0","id":1,"method":"a","method":"b"})"),
            Code::kFailedPrecondition);
  EXPECT_EQ(ScanCode(R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"x","name":"y"}})"),
            Code::kFailedPrecondition);
  EXPECT_EQ(ScanCode(R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"k":1,"k":2}}})"),
            Code::kFailedPrecondition);
  EXPECT_EQ(
      ScanCode(R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{"k":1,"k":2}}})"),
      Code::kFailedPrecondition);
  EXPECT_EQ(ScanCode(R"({"jsonrpc":"2.0","id":1,"result":{"isError":false,"isError":true}})"),
            Code::kFailedPrecondition);
}

TEST(ScanTest, ComparesKeysDecoded) {
  EXPECT_EQ(ScanCode(R"({"jsonrpc":"2.0","id":1,"method":"a","\u006dethod":"b"})"),
            Code::kFailedPrecondition);
  EXPECT_EQ(
      ScanCode(
          R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{"\u0061":1,"a":2}}})"),
      Code::kFailedPrecondition);
}

TEST(ScanTest, TakesAnEscapedKeyForWhatItMeans) {
  const std::string bytes = R"({"jsonrpc":"2.0","id":1,"\u006dethod":"tools\/call"})";
  const base::Result<Envelope> envelope = Scan(bytes);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(DecodeString(envelope->method.of(bytes)), "tools/call");
}

TEST(ScanTest, FindsADuplicateAmongManyKeys) {
  std::string arguments;
  for (int i = 0; i < 1000; ++i)
    arguments += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  const std::string head = R"({"jsonrpc":"2.0","id":1,"method":"a","params":{"arguments":{)";
  EXPECT_EQ(ScanCode(head + arguments + "\"new\":1}}}"), Code::kOk);
  EXPECT_EQ(ScanCode(head + arguments + "\"k7\":1}}}"), Code::kFailedPrecondition);
}

TEST(ScanTest, ABatchIsOutOfRange) {
  EXPECT_EQ(ScanCode(R"([{"jsonrpc":"2.0","method":"a"}])"), Code::kOutOfRange);
  EXPECT_EQ(ScanCode(" []"), Code::kOutOfRange);
  EXPECT_EQ(ScanCode("[1,"), Code::kInvalidArgument);
}

TEST(ScanTest, RefusesWhatIsNotJson) {
  for (const char* bytes : {"",
                            " ",
                            "{",
                            "{}x",
                            "nul",
                            "{\"a\":01}",
                            "{\"a\":1.}",
                            "{\"a\":+1}",
                            "{\"a\":.5}",
                            "{\"a\":1e}",
                            "{\"a\":-}",
                            "{\"a\":tru}",
                            "{\"a\":1,}",
                            "{\"a\" 1}",
                            "{a:1}",
                            "{\"a\":[1,]}",
                            "{\"a\":\"\x01\"}",
                            "{\"a\":\"\\x\"}",
                            "{\"a\":\"\\u12g4\"}",
                            "{\"a\":\"x}",
                            "{\"a\":\"\x80\"}",
                            "{\"a\":\"\xC0\x80\"}",
                            "{\"a\":\"\xED\xA0\x80\"}",
                            "{\"a\":\"\xF4\x90\x80\x80\"}",
                            "{\"a\":\"\xE2\x82\"}",
                            "{\"a\":NaN}",
                            "{\"a\":'x'}",
                            "\xEF\xBB\xBF{}"}) {
    EXPECT_EQ(ScanCode(bytes), Code::kInvalidArgument) << bytes;
  }
}

TEST(ScanTest, RefusesWhatIsNotJsonRpc) {
  for (const char* bytes : {"1",
                            "\"a\"",
                            "{}",
                            R"({"id":1,"method":"a"})",
                            R"({"jsonrpc":"1.0","id":1,"method":"a"})",
                            R"({"jsonrpc":2.0,"id":1,"method":"a"})",
                            R"({"jsonrpc":"2.0","id":null,"method":"a"})",
                            R"({"jsonrpc":"2.0","id":1.5,"method":"a"})",
                            R"({"jsonrpc":"2.0","id":1e3,"method":"a"})",
                            R"({"jsonrpc":"2.0","id":{},"method":"a"})",
                            R"({"jsonrpc":"2.0","id":[],"method":"a"})",
                            R"({"jsonrpc":"2.0","id":true,"method":"a"})",
                            R"({"jsonrpc":"2.0","id":1,"method":5})",
                            R"({"jsonrpc":"2.0","id":1,"method":""})",
                            R"({"jsonrpc":"2.0","id":1,"method":"a","params":[]})",
                            R"({"jsonrpc":"2.0","id":1})",
                            R"({"jsonrpc":"2.0","id":1,"result":1})",
                            R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})",
                            R"({"jsonrpc":"2.0","id":1,"error":"x"})",
                            R"({"jsonrpc":"2.0","result":{}})",
                            R"({"jsonrpc":"2.0","id":1,"method":"a","result":{}})"}) {
    EXPECT_EQ(ScanCode(bytes), Code::kFailedPrecondition) << bytes;
  }
}

TEST(ScanTest, RefusesTooDeepNesting) {
  EXPECT_EQ(ScanCode(Nested(62)), Code::kOk);
  EXPECT_EQ(ScanCode(Nested(63)), Code::kInvalidArgument);
  EXPECT_EQ(ScanCode(Nested(100'000)), Code::kInvalidArgument);
}

TEST(ScanTest, RefusesAnEndlessId) {
  EXPECT_EQ(ScanCode(R"({"jsonrpc":"2.0","method":"a","id":")" + std::string(2000, 'x') + "\"}"),
            Code::kFailedPrecondition);
}

TEST(ScanTest, EveryPrefixOfAMessageIsRefused) {
  const std::string bytes =
      R"({"jsonrpc":"2.0","id":-12,"method":"tools/call","params":{"name":"é\u00e9","arguments":{"a":[1.5e-3,true,null]}}})";
  ASSERT_EQ(ScanCode(bytes), Code::kOk);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // A copy of exact size, so that reading past the end is seen.
    const std::vector<char> prefix(bytes.begin(),
                                   bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(ScanCode({prefix.data(), prefix.size()}), Code::kOk) << size;
  }
}

TEST(DecodeStringTest, DecodesEveryEscape) {
  EXPECT_EQ(DecodeString(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(DecodeString(R"("\u0041\u00e9\u20AC\ud83d\ude00")"), "Aé€😀");
  EXPECT_EQ(DecodeString(R"("\ud83dx\ude00")"), "\uFFFDx\uFFFD");
  EXPECT_EQ(DecodeString("12"), "");
  EXPECT_EQ(DecodeString(""), "");
}

TEST(PlainStringTest, GivesAViewOnlyWhenNothingIsEscaped) {
  EXPECT_EQ(PlainString("\"add\""), "add");
  EXPECT_EQ(PlainString("\"\""), "");
  EXPECT_EQ(PlainString(R"("a\n")"), std::nullopt);
  EXPECT_EQ(PlainString("1"), std::nullopt);
}

TEST(QuoteTest, WritesValidJsonForAnyBytes) {
  EXPECT_EQ(Quote("a\"b\\c\n\x01é😀"), "\"a\\\"b\\\\c\\n\\u0001é😀\"");
  EXPECT_EQ(Quote("\x80\xFFx\xE2\x82"), "\"\\ufffd\\ufffdx\\ufffd\\ufffd\"");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_TRUE(IsJson(Quote(all)));
}

TEST(RawJsonTest, WalksMembersAndElements) {
  Members members(R"( {"a" : 1 , "\u0062":[1,{"x":2}],"c":{}} )");
  ASSERT_TRUE(members.Next());
  EXPECT_TRUE(members.Is("a"));
  EXPECT_EQ(members.value(), "1");
  ASSERT_TRUE(members.Next());
  EXPECT_TRUE(members.Is("b"));
  EXPECT_EQ(members.value(), R"([1,{"x":2}])");
  Elements elements(members.value());
  ASSERT_TRUE(elements.Next());
  EXPECT_EQ(elements.value(), "1");
  ASSERT_TRUE(elements.Next());
  EXPECT_EQ(Member(elements.value(), "x"), "2");
  EXPECT_FALSE(elements.Next());
  ASSERT_TRUE(members.Next());
  EXPECT_FALSE(members.Next());
}

TEST(RawJsonTest, EmptyAndForeignValuesHaveNothing) {
  EXPECT_FALSE(Members("{}").Next());
  EXPECT_FALSE(Members("[1]").Next());
  EXPECT_FALSE(Members("").Next());
  EXPECT_FALSE(Elements("[ ]").Next());
  EXPECT_FALSE(Elements("{\"a\":1}").Next());
}

TEST(RawJsonTest, ReadsIntegers) {
  EXPECT_EQ(Integer("-31429"), -31429);
  EXPECT_EQ(Integer("1.5"), std::nullopt);
  EXPECT_EQ(Integer("99999999999999999999"), std::nullopt);
  EXPECT_EQ(Integer(""), std::nullopt);
}

}  // namespace
}  // namespace mcp
