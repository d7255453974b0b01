#include "gateway/backends/passage.h"

#include "mcp/error.h"
#include "mcp/legacy/handshake.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"

namespace gateway {

Passage PassageOf(const mcp::Call& call, bool modern_server, bool shared) {
  if (mcp::IsModern(call.revision) == modern_server) {
    return shared && call.is_request() ? Passage::kRenumbered : Passage::kUntouched;
  }
  const bool translated = call.method == "tools/call" || call.method == "tools/list";
  if (!call.is_request() || !translated) return Passage::kNone;
  return modern_server ? Passage::kToModern : Passage::kToOlder;
}

std::string ResultMessage(std::string_view raw_id, std::string_view raw_result) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out += raw_id;
  out += ",\"result\":";
  out += raw_result;
  return out + "}";
}

std::string Addressed(std::string_view bytes, const mcp::Envelope& envelope,
                      std::string_view raw_id) {
  if (!envelope.id.empty()) return mcp::legacy::WithId(bytes, envelope, raw_id);
  const std::size_t inside = bytes.find('{') + 1;
  std::string out(bytes.substr(0, inside));
  out += "\"id\":";
  out += raw_id;
  out += ',';
  out += bytes.substr(inside);
  return out;
}

std::string DiscoverMessage(std::string_view raw_id, std::string_view introduction,
                            bool modern_server) {
  if (modern_server) return ResultMessage(raw_id, introduction);
  mcp::legacy::Initialized initialized;
  initialized.result = introduction;
  initialized.capabilities = mcp::Member(introduction, "capabilities");
  initialized.server_info = mcp::Member(introduction, "serverInfo");
  initialized.instructions = mcp::Member(introduction, "instructions");
  return ResultMessage(raw_id, mcp::legacy::DiscoverResultFrom(initialized));
}

bool MayHear(const mcp::Call& call, std::string_view notification) {
  const std::string method = mcp::DecodeString(mcp::Member(notification, "method"));
  if (method == "notifications/progress") return true;
  if (method != "notifications/message") return false;
  // MCP 2026-07-28, Logging: without a log level the caller must not be sent log messages.
  const std::string_view meta = call.envelope.meta.of(call.bytes);
  return !mcp::IsModern(call.revision) ||
         !mcp::Member(meta, "io.modelcontextprotocol/logLevel").empty();
}

std::string AnswerToServer(std::string_view raw_id, std::string_view method) {
  if (method == "ping") return ResultMessage(raw_id, "{}");
  mcp::CallError error;
  error.code = mcp::kMethodNotFound;
  error.message = "This client answers no requests.";
  return mcp::ErrorMessage(raw_id, error, {});
}

}  // namespace gateway
