#include "mcp/http_endpoint.h"

#include "mcp/error.h"
#include "tests/mcp/endpoint_fixture.h"

namespace mcp {
namespace {

using support::FakeExchange;
using support::FakeHandler;
using support::ResultMessage;

TEST_F(EndpointTest, AModernCallIsAnsweredWithPlainJson) {
  FakeExchange exchange = ModernPost(ModernCall(), "tools/call", "add");
  FakeHandler tools = FakeHandler::WithResult(R"({"content":[],"resultType":"complete"})");
  Serve(exchange, tools);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.text,
            R"({"jsonrpc":"2.0","id":41,"result":{"content":[],"resultType":"complete"}})");
  EXPECT_EQ(exchange.Field("Content-Type"), "application/json");
  EXPECT_FALSE(exchange.streamed);
  EXPECT_EQ(tools.methods.at(0), "tools/call");
  EXPECT_EQ(tools.items.at(0), "add");
  EXPECT_EQ(record.outcome, Outcome::kOk);
  EXPECT_EQ(record.item, "add");
  EXPECT_EQ(record.protocol_revision, "2026-07-28");
  EXPECT_EQ(record.http_status, 200);
  EXPECT_EQ(record.bytes_out, exchange.text.size());
}

// The refusals that come before anything is known about the request have the id null.
struct EarlyRefusal {
  const char* name;
  const char* verb;
  const char* accept;
  const char* type;
  std::string body;
  int status;
  int code;
};

class EarlyRefusalTest : public EndpointTest, public ::testing::WithParamInterface<EarlyRefusal> {};

TEST_P(EarlyRefusalTest, IsAnsweredAsTheTableSays) {
  const EarlyRefusal& given = GetParam();
  FakeExchange exchange(given.verb, given.body);
  exchange.With("Accept", given.accept).With("Content-Type", given.type);
  Serve(exchange);
  EXPECT_EQ(exchange.status, given.status);
  EXPECT_EQ(ErrorCode(exchange), given.code) << exchange.text;
  EXPECT_EQ(Id(exchange), "null");
  EXPECT_EQ(Keys(exchange.text), "jsonrpc id error ");
  EXPECT_EQ(record.outcome, Outcome::kRefused);
  EXPECT_EQ(record.http_status, given.status);
  EXPECT_EQ(record.error_code, given.code);
  EXPECT_TRUE(handler.methods.empty());
}

constexpr const char* kBoth = "application/json, text/event-stream";
constexpr const char* kJson = "application/json";

INSTANTIATE_TEST_SUITE_P(
    Table, EarlyRefusalTest,
    ::testing::Values(
        EarlyRefusal{"Get", "GET", kBoth, kJson, "", 405, -32600},
        EarlyRefusal{"Put", "PUT", kBoth, kJson, "{}", 405, -32600},
        EarlyRefusal{"AcceptsJsonOnly", "POST", "application/json", kJson, "{}", 406, -32600},
        EarlyRefusal{"AcceptsEventsOnly", "POST", "text/event-stream", kJson, "{}", 406, -32600},
        EarlyRefusal{"RefusesEvents", "POST", "application/json, text/event-stream;q=0", kJson,
                     "{}", 406, -32600},
        EarlyRefusal{"PlainText", "POST", kBoth, "text/plain", "{}", 415, -32600},
        EarlyRefusal{"JsonLines", "POST", kBoth, "application/jsonl", "{}", 415, -32600},
        EarlyRefusal{"TooLong", "POST", kBoth, kJson, std::string(5000, ' '), 413, -32600},
        EarlyRefusal{"NotJson", "POST", kBoth, kJson, "{\"a\":", 400, -32700},
        EarlyRefusal{"Empty", "POST", kBoth, kJson, "", 400, -32700},
        EarlyRefusal{"NotJsonRpc", "POST", kBoth, kJson, "{\"a\":1}", 400, -32600},
        EarlyRefusal{"DuplicateKey", "POST", kBoth, kJson,
                     R"({"jsonrpc":"2.0","id":1,"method":"a","\u006dethod":"b"})", 400, -32600},
        EarlyRefusal{"Batch", "POST", kBoth, kJson, R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])",
                     400, -32600}),
    [](const auto& given) { return std::string(given.param.name); });

TEST_F(EndpointTest, A405NamesTheVerbsThatAreServed) {
  FakeExchange exchange("GET", "");
  Serve(exchange);
  EXPECT_EQ(exchange.Field("Allow"), "POST, DELETE");
  options.sessions = nullptr;
  FakeExchange modern_only("GET", "");
  Serve(modern_only);
  EXPECT_EQ(modern_only.Field("Allow"), "POST");
}

TEST_F(EndpointTest, AcceptMayBeAnyOrAbsent) {
  FakeExchange any("POST", ModernList());
  any.With("Accept", "*/*").With("Content-Type", "application/JSON; charset=utf-8");
  any.With("mcp-protocol-version", "2026-07-28").With("mcp-method", "tools/list");
  Serve(any);
  EXPECT_EQ(any.status, 200) << any.text;
  FakeExchange absent("POST", ModernList());
  absent.With("Content-Type", "application/json")
      .With("mcp-protocol-version", "2026-07-28")
      .With("mcp-method", "tools/list");
  Serve(absent);
  EXPECT_EQ(absent.status, 200) << absent.text;
}

// The refusals of modern requests carry the request's own id and HTTP 400.
struct ModernRefusal {
  const char* name;
  std::string body;
  std::vector<base::http::Field> fields;
  int code;
};

class ModernRefusalTest : public EndpointTest, public ::testing::WithParamInterface<ModernRefusal> {
 public:
  static std::string WithMeta(std::string_view meta) {
    return R"({"jsonrpc":"2.0","id":"x1","method":"tools/call","params":{"name":"add","_meta":)" +
           std::string(meta) + "}}";
  }
  static std::string Good() {
    return WithMeta(
        R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})");
  }
};

TEST_P(ModernRefusalTest, HasItsCodeItsIdAnd400) {
  FakeExchange exchange = Post(GetParam().body);
  for (const base::http::Field& field : GetParam().fields) exchange.With(field.name, field.value);
  Serve(exchange);
  EXPECT_EQ(exchange.status, 400);
  EXPECT_EQ(ErrorCode(exchange), GetParam().code) << exchange.text;
  EXPECT_EQ(Id(exchange), "\"x1\"");
  EXPECT_EQ(Keys(exchange.text), "jsonrpc id error ");
  EXPECT_TRUE(handler.methods.empty());
}

constexpr base::http::Field kMethod{"Mcp-Method", "tools/call"};
constexpr base::http::Field kName{"Mcp-Name", "add"};

INSTANTIATE_TEST_SUITE_P(
    Table, ModernRefusalTest,
    ::testing::Values(
        ModernRefusal{"NoMeta",
                      R"({"jsonrpc":"2.0","id":"x1","method":"tools/list"})",
                      {kVersion, {"Mcp-Method", "tools/list"}},
                      -32602},
        ModernRefusal{
            "NoVersionInMeta",
            ModernRefusalTest::WithMeta(R"({"io.modelcontextprotocol/clientCapabilities":{}})"),
            {kVersion, kMethod, kName},
            -32602},
        ModernRefusal{"NoCapabilities",
                      ModernRefusalTest::WithMeta(
                          R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"})"),
                      {kVersion, kMethod, kName},
                      -32602},
        ModernRefusal{"CapabilitiesNoObject",
                      ModernRefusalTest::WithMeta(
                          R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                          R"("io.modelcontextprotocol/clientCapabilities":[]})"),
                      {kVersion, kMethod, kName},
                      -32602},
        ModernRefusal{"NoVersionHeader", ModernRefusalTest::Good(), {kMethod, kName}, -32020},
        ModernRefusal{"OtherVersionHeader",
                      ModernRefusalTest::Good(),
                      {{"MCP-Protocol-Version", "2025-11-25"}, kMethod, kName},
                      -32020},
        ModernRefusal{"TwoVersionHeaders",
                      ModernRefusalTest::Good(),
                      {kVersion, kVersion, kMethod, kName},
                      -32020},
        ModernRefusal{"NoMethodHeader", ModernRefusalTest::Good(), {kVersion, kName}, -32020},
        ModernRefusal{"OtherMethodHeader",
                      ModernRefusalTest::Good(),
                      {kVersion, {"Mcp-Method", "tools/list"}, kName},
                      -32020},
        ModernRefusal{"MethodHeaderInOtherCase",
                      ModernRefusalTest::Good(),
                      {kVersion, {"Mcp-Method", "Tools/Call"}, kName},
                      -32020},
        ModernRefusal{"NoNameHeader", ModernRefusalTest::Good(), {kVersion, kMethod}, -32020},
        ModernRefusal{"OtherNameHeader",
                      ModernRefusalTest::Good(),
                      {kVersion, kMethod, {"Mcp-Name", "sub"}},
                      -32020},
        ModernRefusal{"BrokenBase64",
                      ModernRefusalTest::Good(),
                      {kVersion, kMethod, {"Mcp-Name", "=?base64?YWR?="}},
                      -32020},
        ModernRefusal{"UnknownVersion",
                      ModernRefusalTest::WithMeta(
                          R"({"io.modelcontextprotocol/protocolVersion":"1999-01-01",)"
                          R"("io.modelcontextprotocol/clientCapabilities":{}})"),
                      {{"MCP-Protocol-Version", "1999-01-01"}, kMethod, kName},
                      -32022},
        ModernRefusal{"FutureVersion",
                      ModernRefusalTest::WithMeta(
                          R"({"io.modelcontextprotocol/protocolVersion":"2099-01-01",)"
                          R"("io.modelcontextprotocol/clientCapabilities":{}})"),
                      {{"MCP-Protocol-Version", "2099-01-01"}, kMethod, kName},
                      -32022}),
    [](const auto& given) { return std::string(given.param.name); });

TEST_F(EndpointTest, AnUnsupportedRevisionIsToldWhatIsServed) {
  std::string body = ModernList();
  body.replace(body.find("2026-07-28"), 10, "2030-01-01");
  FakeExchange exchange = Post(body);
  exchange.With("MCP-Protocol-Version", "2030-01-01").With("Mcp-Method", "tools/list");
  Serve(exchange);
  const std::string_view data = Member(Member(exchange.text, "error"), "data");
  EXPECT_EQ(Member(data, "supported"), R"(["2026-07-28","2025-11-25","2025-06-18","2025-03-26"])");
  EXPECT_EQ(Member(data, "requested"), "\"2030-01-01\"");
}

TEST_F(EndpointTest, ANameBeyondAsciiComesInBase64) {
  FakeExchange exchange = ModernPost(ModernCall("größe"), "tools/call", "=?base64?Z3LDtsOfZQ==?=");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200) << exchange.text;
  EXPECT_EQ(handler.items.at(0), "größe");
}

TEST_F(EndpointTest, AnEscapedNameIsDecodedForWhoeverDecides) {
  FakeExchange exchange = ModernPost(ModernCall(R"(\u0061dd)"), "tools/call", "add");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200) << exchange.text;
  EXPECT_EQ(handler.items.at(0), "add");
  EXPECT_EQ(record.item, "add");
}

TEST_F(EndpointTest, AModernUnknownMethodIsA404) {
  FakeHandler unknown([](Call& call) -> base::Task<Response> {
    CallError error;
    error.code = kMethodNotFound;
    error.message = "Method not found";
    co_return Response::Message(ErrorMessage(call.id(), error, {}));
  });
  FakeExchange exchange =
      ModernPost(R"({"jsonrpc":"2.0","id":5,"method":"x/y","params":{)" + Meta() + "}}", "x/y");
  Serve(exchange, unknown);
  EXPECT_EQ(exchange.status, 404);
  EXPECT_EQ(ErrorCode(exchange), -32601);
  EXPECT_EQ(Id(exchange), "5");
  EXPECT_EQ(record.outcome, Outcome::kRpcError);
  EXPECT_EQ(record.error_code, -32601);
}

TEST_F(EndpointTest, MethodsThatWereRemovedAreUnknownToModernClients) {
  FakeExchange exchange =
      ModernPost(R"({"jsonrpc":"2.0","id":5,"method":"ping","params":{)" + Meta() + "}}", "ping");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 404);
  EXPECT_EQ(ErrorCode(exchange), -32601);
}

TEST_F(EndpointTest, AModernNotificationIsAccepted) {
  FakeExchange exchange = Post(R"({"jsonrpc":"2.0","method":"notifications/x"})");
  exchange.With("MCP-Protocol-Version", "2026-07-28").With("Mcp-Method", "notifications/x");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 202);
  EXPECT_EQ(exchange.text, "");
  EXPECT_EQ(handler.methods.at(0), "notifications/x");
}

TEST_F(EndpointTest, ARefusedNotificationHasNoBody) {
  FakeExchange exchange = Post(R"({"jsonrpc":"2.0","method":"notifications/x"})");
  exchange.With("MCP-Protocol-Version", "2026-07-28").With("Mcp-Method", "notifications/y");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 400);
  EXPECT_EQ(exchange.text, "");
}

TEST_F(EndpointTest, AModernClientSendsNoResponses) {
  FakeExchange exchange = Post(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  exchange.With("MCP-Protocol-Version", "2026-07-28");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 400);
  EXPECT_EQ(ErrorCode(exchange), -32600);
  EXPECT_EQ(Id(exchange), "null");
}

TEST_F(EndpointTest, ASessionIdOfAModernCallIsIgnored) {
  FakeExchange exchange = ModernPost(ModernList(), "tools/list");
  exchange.With("Mcp-Session-Id", "whatever");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.Field("Mcp-Session-Id"), "");
  EXPECT_EQ(handler.sessions.at(0), "");
}

TEST_F(EndpointTest, McpMethodDoesNotMakeACallModern) {
  const std::string session = OpenSession();
  FakeExchange exchange = Post(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
  exchange.With("Mcp-Session-Id", session)
      .With("MCP-Protocol-Version", "2025-11-25")
      .With("Mcp-Method", "something/else");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200) << exchange.text;
  EXPECT_EQ(handler.revisions.back(), Revision::k2025_11_25);
}

TEST_F(EndpointTest, AModernOnlyEndpointNamesItsRevisionToOlderClients) {
  options.sessions = nullptr;
  FakeExchange exchange = Post(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 400);
  EXPECT_EQ(ErrorCode(exchange), -32022);
  EXPECT_EQ(Member(Member(Member(exchange.text, "error"), "data"), "supported"),
            R"(["2026-07-28"])");
}

TEST_F(EndpointTest, ANotificationTurnsTheAnswerIntoEvents) {
  FakeHandler progress([](Call& call) -> base::Task<Response> {
    co_await call.client.Notify(R"({"jsonrpc":"2.0","method":"notifications/progress"})");
    co_return Response::Message(ResultMessage(call, "{}"));
  });
  FakeExchange exchange = ModernPost(ModernCall(), "tools/call", "add");
  Serve(exchange, progress);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.Field("Content-Type"), "text/event-stream");
  EXPECT_EQ(exchange.Field("X-Accel-Buffering"), "no");
  EXPECT_NE(exchange.Field("Cache-Control"), "");
  EXPECT_EQ(exchange.text,
            "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n"
            "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":41,\"result\":{}}\n\n");
  EXPECT_TRUE(exchange.finished);
}

TEST_F(EndpointTest, AToolErrorIsNoted) {
  FakeHandler failing = FakeHandler::WithResult(R"({"content":[],"isError":true})");
  FakeExchange exchange = ModernPost(ModernCall(), "tools/call", "add");
  Serve(exchange, failing);
  EXPECT_EQ(record.outcome, Outcome::kToolError);
}

TEST_F(EndpointTest, ARefusalKeepsItsStatusAndHeaders) {
  FakeHandler refusing([](Call& call) -> base::Task<Response> {
    CallError error;
    error.code = kTooManyRequests;
    error.message = "Slow down.";
    Response response = Response::Message(ErrorMessage(call.id(), error, call.record.request_id));
    response.kind = Response::Kind::kRefused;
    response.headers.emplace_back("Retry-After", "12");
    co_return response;
  });
  FakeExchange exchange = ModernPost(ModernCall(), "tools/call", "add");
  Serve(exchange, refusing);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.Field("Retry-After"), "12");
  EXPECT_EQ(Id(exchange), "41");
  EXPECT_EQ(record.outcome, Outcome::kRefused);
  EXPECT_EQ(record.error_code, -31429);
}

TEST_F(EndpointTest, ARequestIsNeverAnswered202) {
  FakeHandler wrong([](Call&) -> base::Task<Response> { co_return Response::Accepted(); });
  FakeExchange exchange = ModernPost(ModernCall(), "tools/call", "add");
  Serve(exchange, wrong);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(ErrorCode(exchange), -32603);
}

TEST_F(EndpointTest, AnExceptionOfAHandlerSaysNothingToTheCaller) {
  FakeHandler broken([](Call& call) -> base::Task<Response> {
    if (call.is_request()) throw std::runtime_error("secret detail");
    co_return Response::Accepted();
  });
  FakeExchange exchange = ModernPost(ModernCall(), "tools/call", "add");
  Serve(exchange, broken);
  EXPECT_EQ(ErrorCode(exchange), -32603);
  EXPECT_EQ(exchange.text.find("secret"), std::string::npos);
  EXPECT_EQ(record.outcome, Outcome::kInternal);
  EXPECT_EQ(record.message, "secret detail");
}

TEST_F(EndpointTest, ACallWithoutANameIsRefused) {
  FakeExchange exchange = ModernPost(
      R"({"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":7,)" + Meta() + "}}",
      "tools/call", "7");
  Serve(exchange);
  EXPECT_NE(ErrorCode(exchange), 0);
  EXPECT_EQ(Id(exchange), "5");
  EXPECT_TRUE(handler.methods.empty());
}

TEST_F(EndpointTest, TheClientsNameIsNoted) {
  std::string body = ModernList();
  body.insert(body.find("\"io.modelcontextprotocol/client"),
              R"("io.modelcontextprotocol/clientInfo":{"name":"probe","version":"2.1"},)");
  FakeExchange exchange = ModernPost(body, "tools/list");
  Serve(exchange);
  EXPECT_EQ(exchange.status, 200) << exchange.text;
  EXPECT_EQ(record.client_name, "probe");
  EXPECT_EQ(record.client_version, "2.1");
}

}  // namespace
}  // namespace mcp
