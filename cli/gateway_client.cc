#include "cli/gateway_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "mcp/message.h"
#include "mcp/request_headers.h"
#include "mcp/sse.h"

namespace cli {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;
constexpr std::string_view kRevision = "2026-07-28";
constexpr std::string_view kMeta =
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"portolan","version":"0.1.0"},)"
    R"("io.modelcontextprotocol/clientCapabilities":{})";
// A list that does not end is not read to its end.
constexpr int kMaxPages = 100;

bool IsEventStream(const base::http::Fields& fields) {
  return fields.Find("content-type").value_or("").starts_with("text/event-stream");
}

// Whether `message` answers the request; tells progress on the way.
bool TakeMessage(std::string_view message, int id, ToolAnswer& answer,
                 const GatewayClient::OnProgress& on_progress) {
  auto envelope = mcp::Scan(message);
  if (!envelope) return false;
  if (envelope->kind == mcp::Envelope::Kind::kNotification) {
    auto tree = on_progress ? base::ParseJson(message) : base::Fail(base::Code::kUnknown, "");
    if (!tree || tree->value("method", "") != "notifications/progress" || !tree->contains("params"))
      return false;
    const auto& params = (*tree)["params"];
    if (params.is_object() && params.contains("progress") && params["progress"].is_number()) {
      bool has_total = params.contains("total") && params["total"].is_number();
      bool has_message = params.contains("message") && params["message"].is_string();
      on_progress(params["progress"].get<double>(), has_total ? params["total"].get<double>() : 0,
                  has_message ? params["message"].get<std::string>() : "");
    }
    return false;
  }
  std::string_view raw_id = envelope->id.of(message);
  if (raw_id != std::to_string(id) && raw_id != "null") return false;
  answer.message = std::string(message);
  return true;
}

}  // namespace

std::string ToolRequest::Body(int id) const {
  std::string token = want_progress ? R"("progressToken":)" + std::to_string(id) + "," : "";
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
         R"(,"method":"tools/call","params":{"name":)" + mcp::Quote(tool) + R"(,"arguments":)" +
         arguments_json + R"(,"_meta":{)" + token + std::string(kMeta) + "}}}";
}

std::string ToolRequest::ListBody(int id, const std::string& cursor) const {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"tools/list","params":{)" +
         (cursor.empty() ? "" : R"("cursor":)" + mcp::Quote(cursor) + ",") + R"("_meta":{)" +
         std::string(kMeta) + "}}}";
}

std::vector<std::pair<std::string, std::string>> ToolRequest::AllHeaders() const {
  std::vector<std::pair<std::string, std::string>> all = {
      {"Content-Type", "application/json"},
      {"Accept", "application/json, text/event-stream"},
      {"MCP-Protocol-Version", std::string(kRevision)},
      {"Mcp-Method", "tools/call"},
      {"Mcp-Name", mcp::EncodeHeaderValue(tool)},
      {"User-Agent", "portolan"}};
  all.insert(all.end(), headers.begin(), headers.end());
  return all;
}

GatewayClient::GatewayClient(std::shared_ptr<const base::http::TlsContext> tls) {
  base::http::ClientLimits limits;
  limits.first_byte = std::chrono::minutes(5);
  limits.idle = std::chrono::minutes(5);
  limits.max_connections_per_origin = 1024;
  client_ = base::http::Client::Create(loop_, limits, std::move(tls));
}
GatewayClient::~GatewayClient() = default;

base::Result<ToolAnswer> GatewayClient::Call(const ToolRequest& request, OnProgress on_progress) {
  return Ask({request.url, request.AllHeaders(), request.Body(1), 1}, on_progress);
}

base::Result<std::string> GatewayClient::Definition(const ToolRequest& request) {
  auto headers = request.AllHeaders();
  std::erase_if(headers, [](const auto& header) { return header.first == "Mcp-Name"; });
  for (auto& [name, value] : headers) {
    if (name == "Mcp-Method") value = "tools/list";
  }
  std::string cursor;
  for (int page = 1; page <= kMaxPages; ++page) {
    const auto answer = Ask({request.url, headers, request.ListBody(page, cursor), page}, {});
    if (!answer) return answer.error();
    const auto tree = base::ParseJson(answer->message);
    if (!tree || !tree->is_object() || !tree->contains("result") ||
        !(*tree)["result"].is_object() || !(*tree)["result"].contains("tools")) {
      return base::Fail(base::Code::kUnavailable, "the gateway does not list tools");
    }
    const auto& result = (*tree)["result"];
    for (const auto& tool : result["tools"]) {
      if (tool.is_object() && tool.value("name", nlohmann::json()) == request.tool)
        return tool.dump();
    }
    if (!result.contains("nextCursor") || !result["nextCursor"].is_string()) break;
    cursor = result["nextCursor"].get<std::string>();
  }
  return std::string();
}

base::Result<ToolAnswer> GatewayClient::Ask(Letter letter, const OnProgress& on_progress) {
  std::optional<base::Result<ToolAnswer>> outcome;
  auto run = [&]() -> base::Task<void> {
    outcome.emplace(co_await Send(std::move(letter), on_progress));
    loop_.io.stop();
  };
  base::Spawn(run());
  loop_.io.restart();
  loop_.io.run();
  if (!outcome) return base::Fail(base::Code::kInternal, "the call was left without an answer");
  return std::move(*outcome);
}

void GatewayClient::CallMany(const ToolRequest& request, int times, int concurrency,
                             const OnAnswer& on_answer) {
  int left = times;
  int running = std::min(times, concurrency);
  const int workers = running;
  for (int i = 0; i < workers; ++i) base::Spawn(Work(request, left, running, on_answer));
  if (running == 0) return;
  loop_.io.restart();
  loop_.io.run();
}

base::Task<void> GatewayClient::Work(const ToolRequest& request, int& left, int& running,
                                     const OnAnswer& on_answer) {
  OnProgress silent;
  while (left > 0) {
    int id = left--;
    Letter letter{request.url, request.AllHeaders(), request.Body(id), id};
    base::Result<ToolAnswer> answer = co_await Send(std::move(letter), silent);
    on_answer(answer);
  }
  if (--running == 0) loop_.io.stop();
}

base::Task<base::Result<ToolAnswer>> GatewayClient::Send(Letter letter,
                                                         const OnProgress& on_progress) {
  const auto started = std::chrono::steady_clock::now();
  std::vector<base::http::Field> fields;
  for (const auto& [name, value] : letter.headers) fields.push_back({name, value});
  const std::string_view pieces[] = {letter.body};
  base::http::Client::Request http_request;
  http_request.method = "POST";
  http_request.fields = fields;
  http_request.body = pieces;
  auto sent = co_await client_->Send(letter.url, http_request);
  if (!sent) co_return sent.error().error;
  base::http::ClientExchange& exchange = **sent;
  ToolAnswer answer;
  answer.http_status = exchange.head().status;
  answer.request_id = std::string(exchange.head().fields.Find("x-request-id").value_or(""));
  auto read = co_await ReadAnswer(exchange, letter.id, answer, on_progress);
  answer.took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started);
  if (!read) co_return read.error();
  co_return answer;
}

base::Task<base::Result<void>> GatewayClient::ReadAnswer(base::http::ClientExchange& exchange,
                                                         int id, ToolAnswer& answer,
                                                         const OnProgress& on_progress) {
  if (!IsEventStream(exchange.head().fields)) {
    auto body = co_await exchange.ReadBody(kMaxAnswerBytes);
    if (!body) co_return body.error();
    if (!TakeMessage(*body, id, answer, on_progress))
      answer.excerpt = std::string(body->substr(0, 300));
    co_return base::Result<void>();
  }
  mcp::SseParser events(kMaxAnswerBytes);
  while (answer.message.empty()) {
    auto bytes = co_await exchange.ReadSome();
    if (!bytes) co_return bytes.error();
    if (bytes->empty()) break;
    events.Feed(*bytes);
    while (true) {
      auto event = events.Next();
      if (!event) co_return event.error();
      if (!*event) break;
      if (!(*event)->data.empty()) TakeMessage((*event)->data, id, answer, on_progress);
    }
  }
  if (answer.message.empty()) answer.excerpt = "the stream ended without the answer";
  co_return base::Result<void>();
}

}  // namespace cli
