#include "gateway/backends/passage.h"

#include <algorithm>
#include <array>

#include "gateway/backends/upstream_error.h"
#include "mcp/error.h"
#include "mcp/legacy/handshake.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"

namespace gateway {

namespace {

// What a session is about, and no session is kept with a modern server: the gateway itself listens
// for the caller, and sends its log level along with each call.
bool IsOfSession(std::string_view method) {
  return method == "resources/subscribe" || method == "resources/unsubscribe" ||
         method == "logging/setLevel" || method == "ping";
}

// RFC 5424's order, as MCP spells it; -1: no level.
int Rank(std::string_view raw_level) {
  constexpr std::array<std::string_view, 8> kLevels = {
      R"("debug")", R"("info")",     R"("notice")", R"("warning")",
      R"("error")", R"("critical")", R"("alert")",  R"("emergency")"};
  const auto found = std::find(kLevels.begin(), kLevels.end(), raw_level);
  return found == kLevels.end() ? -1 : static_cast<int>(found - kLevels.begin());
}

}  // namespace

Passage PassageOf(const mcp::Call& call, bool modern_server, bool shared) {
  if (mcp::IsModern(call.revision) == modern_server) {
    return shared && call.is_request() ? Passage::kRenumbered : Passage::kUntouched;
  }
  // What one era announces means nothing in the other, and their tasks are not the same thing.
  if (!call.is_request() || call.method.starts_with("tasks/")) return Passage::kNone;
  if (modern_server) return IsOfSession(call.method) ? Passage::kNone : Passage::kToModern;
  return call.method == mcp::kListenMethod ? Passage::kNone : Passage::kToOlder;
}

mcp::Response AnswerInstead(mcp::Call& call, std::string_view server) {
  if (!call.is_request()) return mcp::Response::Accepted();
  if (!mcp::IsModern(call.revision) && IsOfSession(call.method)) {
    return mcp::Response::Message(ResultMessage(call.id(), "{}"));
  }
  return NotTranslated(call, server);
}

mcp::Identity IdentityOf(const mcp::Call& call) {
  mcp::Identity identity;
  if (mcp::IsObject(call.client_info)) identity.info = call.client_info;
  if (mcp::IsObject(call.client_capabilities)) identity.capabilities = call.client_capabilities;
  if (Rank(call.log_level) >= 0) {
    identity.log_level = call.log_level;
  } else if (!call.session.empty()) {
    // Who never set a level hears all that servers of its own revision choose to say.
    identity.log_level = "\"debug\"";
  }
  return identity;
}

std::string AnswerTo(const mcp::Call& call, Passage passage, std::string_view bytes,
                     const mcp::Envelope& envelope) {
  // Some servers leave the id out of errors.
  if (envelope.id.empty()) {
    const std::string addressed = Addressed(bytes, envelope, call.id());
    const base::Result<mcp::Envelope> parts = mcp::Scan(addressed);
    return parts ? AnswerTo(call, passage, addressed, *parts) : addressed;
  }
  switch (passage) {
    case Passage::kToOlder:
      return mcp::legacy::ToModernResult(bytes, envelope, call.method, mcp::legacy::Freshness(),
                                         call.id(), call.client_capabilities);
    case Passage::kToModern:
      return mcp::legacy::ToLegacyResult(bytes, envelope, call.method, call.id());
    default: return mcp::legacy::WithId(bytes, envelope, call.id());
  }
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
  if (method == "notifications/message") {
    const int asked = Rank(call.log_level);
    // MCP 2026-07-28, Logging: without a log level the caller must not be sent log messages.
    if (asked < 0) return !mcp::IsModern(call.revision);
    return Rank(mcp::Member(mcp::Member(notification, "params"), "level")) >= asked;
  }
  // All else that an older server says has a meaning in the caller's session only.
  return !mcp::IsModern(call.revision) && method != mcp::kCancelledMethod;
}

std::string_view LogLevelToSet(const mcp::Call& call, std::string_view current) {
  const int asked = Rank(call.log_level);
  if (asked < 0) return {};
  return current.empty() || asked < Rank(current) ? call.log_level : std::string_view();
}

std::string AnswerToServer(std::string_view raw_id, std::string_view method) {
  if (method == "ping") return ResultMessage(raw_id, "{}");
  mcp::CallError error;
  error.code = mcp::kMethodNotFound;
  error.message = "This client answers no requests.";
  return mcp::ErrorMessage(raw_id, error, {});
}

}  // namespace gateway
