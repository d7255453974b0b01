#include "mcp/legacy/translate.h"

#include <gtest/gtest.h>

#include <string>

#include "mcp/legacy/handshake.h"
#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

const Identity kIdentity{R"({"name":"us"})", R"({"x":{}})"};
constexpr const char* kMeta =
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"us"},)"
    R"("io.modelcontextprotocol/clientCapabilities":{"x":{}})";

Envelope Parts(std::string_view bytes) {
  const base::Result<Envelope> envelope = Scan(bytes);
  EXPECT_TRUE(envelope) << bytes << ": " << envelope.error().message;
  return *envelope;
}
std::string Modern(std::string_view bytes, std::string_view id = {}) {
  return ToModernRequest(bytes, Parts(bytes), kIdentity, id);
}
std::string Legacy(std::string_view bytes, std::string_view id = {}) {
  return ToLegacyRequest(bytes, Parts(bytes), id);
}
std::string Result(std::string_view bytes, std::string_view method, std::string_view id = {}) {
  return ToModernResult(bytes, Parts(bytes), method, {.ttl_ms = 5, .is_private = true}, id);
}

TEST(WithIdTest, ReplacesTheIdWhereverItStands) {
  const std::string bytes = R"({ "result": {"id":1}, "id" : "a" , "jsonrpc":"2.0" })";
  EXPECT_EQ(WithId(bytes, Parts(bytes), "77"),
            R"({ "result": {"id":1}, "id" : 77 , "jsonrpc":"2.0" })");
  EXPECT_EQ(WithId(bytes, Parts(bytes), ""), bytes);
}

TEST(ToModernRequestTest, AddsMetaWithOrWithoutParams) {
  EXPECT_EQ(
      Modern(R"({"jsonrpc":"2.0","id":1,"method":"m"})"),
      R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{)" + std::string(kMeta) + "}}}");
  EXPECT_EQ(
      Modern(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{}} )"),
      R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{)" + std::string(kMeta) + "}}} ");
  EXPECT_EQ(Modern(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{ "a":1 }})", "\"n\""),
            R"({"jsonrpc":"2.0","id":"n","method":"m","params":{"_meta":{)" + std::string(kMeta) +
                R"(}, "a":1 }})");
}

TEST(ToModernRequestTest, KeepsOtherMetaAndNeverDoublesAKey) {
  EXPECT_EQ(
      Modern(
          R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"progressToken":7,)"
          R"("io.modelcontextprotocol/clientInfo":{"name":"liar"},"\u0069o.modelcontextprotocol/logLevel":"x"}}})"),
      R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{)" + std::string(kMeta) +
          R"(,"progressToken":7}}})");
}

TEST(ToLegacyRequestTest, RemovesOnlyTheProtocolsKeys) {
  EXPECT_EQ(
      Legacy(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"é\u00e9","_meta":{)" +
                 std::string(kMeta) + R"(,"progressToken":7}, "n":1.50}})",
             "9"),
      R"({"jsonrpc":"2.0","id":9,"method":"m","params":{"name":"é\u00e9","_meta":{"progressToken":7}, "n":1.50}})");
  EXPECT_EQ(Legacy(R"({"jsonrpc":"2.0","id":1,"method":"m"})"),
            R"({"jsonrpc":"2.0","id":1,"method":"m"})");
}

TEST(ToModernResultTest, AddsWhatModernClientsNeed) {
  EXPECT_EQ(Result(R"({"jsonrpc":"2.0","id":1,"result":{"content":[]}})", "tools/call", "5"),
            R"({"jsonrpc":"2.0","id":5,"result":{"resultType":"complete","content":[]}})");
  EXPECT_EQ(
      Result(R"({"id":1,"jsonrpc":"2.0","result":{}})", "tools/list", "5"),
      R"({"id":5,"jsonrpc":"2.0","result":{"resultType":"complete","ttlMs":5,"cacheScope":"private"}})");
}

TEST(ToModernResultTest, KeepsWhatIsThere) {
  const std::string whole =
      R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","ttlMs":9,"cacheScope":"public"}})";
  EXPECT_EQ(Result(whole, "tools/list"), whole);
  const std::string error = R"({"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"m"}})";
  EXPECT_EQ(Result(error, "tools/list"), error);
}

TEST(ToModernRequestTest, SpeaksForACallerWithALogLevel) {
  const std::string bytes = R"({"jsonrpc":"2.0","id":1,"method":"m"})";
  const Identity caller{R"({"name":"c"})", R"({"roots":{}})", "\"info\""};
  const std::string modern = ToModernRequest(bytes, Parts(bytes), caller);
  const std::string_view meta = Member(Member(modern, "params"), "_meta");
  EXPECT_EQ(Member(meta, "io.modelcontextprotocol/clientInfo"), R"({"name":"c"})");
  EXPECT_EQ(Member(meta, "io.modelcontextprotocol/clientCapabilities"), R"({"roots":{}})");
  EXPECT_EQ(Member(meta, "io.modelcontextprotocol/logLevel"), "\"info\"");
}

TEST(ToModernResultTest, AMissingResourceHasTheCodeOfItsRevision) {
  const std::string older = R"({"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"m"}})";
  const std::string modern = R"({"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m"}})";
  EXPECT_EQ(Result(older, "resources/read"), modern);
  EXPECT_EQ(ToLegacyResult(modern, Parts(modern), "resources/read"), older);
  EXPECT_EQ(ToLegacyResult(modern, Parts(modern), "tools/call"), modern);
}

constexpr const char* kUrlWanted =
    R"({"jsonrpc":"2.0","id":1,"error":{"code":-32042,"message":"Sign in.","data":{"elicitations":[)"
    R"({"mode":"url","elicitationId":"e","url":"https://a/","message":"Sign in"}]}}})";

TEST(ToModernResultTest, AUrlThatMustBeVisitedFirstIsInputRequired) {
  EXPECT_EQ(
      ToModernResult(kUrlWanted, Parts(kUrlWanted), "tools/call", {}, "7",
                     R"({"elicitation":{"url":{}}})"),
      R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required","inputRequests":{"url1":)"
      R"({"method":"elicitation/create","params":{"mode":"url","elicitationId":"e","url":"https://a/","message":"Sign in"}}}}})");
}

TEST(ToModernResultTest, WhoCannotVisitAUrlIsToldWhatIsMissing) {
  const std::string told =
      ToModernResult(kUrlWanted, Parts(kUrlWanted), "tools/call", {}, "7", R"({"elicitation":{}})");
  const std::string_view error = Member(told, "error");
  EXPECT_EQ(Member(error, "code"), "-32021");
  EXPECT_EQ(Member(error, "message"), "\"Sign in.\"");
  EXPECT_EQ(Member(Member(error, "data"), "requiredCapabilities"), R"({"elicitation":{"url":{}}})");
}

TEST(HandshakeTest, InitializeOffersTheNewestHandshake) {
  EXPECT_EQ(
      InitializeRequest("1", kIdentity),
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
      R"("capabilities":{"x":{}},"clientInfo":{"name":"us"}}})");
}

TEST(HandshakeTest, ReadsTheAnswerAndTurnsItIntoADiscovery) {
  const std::string bytes =
      R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
      R"("serverInfo":{"name":"s","version":"1"},"instructions":"Hi."}})";
  const base::Result<Initialized> initialized = ReadInitializeAnswer(bytes, Parts(bytes));
  ASSERT_TRUE(initialized) << initialized.error().message;
  EXPECT_EQ(initialized->revision, Revision::k2025_06_18);
  const std::string discover = DiscoverResultFrom(*initialized);
  EXPECT_TRUE(IsJson(discover));
  EXPECT_EQ(Member(discover, "capabilities"), R"({"tools":{}})");
  EXPECT_EQ(Member(discover, "resultType"), "\"complete\"");
  EXPECT_EQ(InitializeResultFrom(discover, Revision::k2025_06_18), Member(bytes, "result"));
}

TEST(HandshakeTest, RefusesARevisionWithoutAHandshake) {
  for (const char* version : {"2026-07-28", "1999-01-01", ""}) {
    const std::string bytes = R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":")" +
                              std::string(version) + R"("}})";
    EXPECT_FALSE(ReadInitializeAnswer(bytes, Parts(bytes)));
  }
  const std::string error =
      R"({"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no \"way\""}})";
  const base::Result<Initialized> refused = ReadInitializeAnswer(error, Parts(error));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the server refused initialize: no \"way\"");
}

}  // namespace
}  // namespace mcp::legacy
