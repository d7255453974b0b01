// The HTTP endpoint, from a request's lines to the answer: whatever comes, it is answered once, in
// JSON-RPC's form, with the request's own id, and reaches the Handler only as what its headers say
// it is and by who owns the session.
//
//   POST
//   Mcp-Session-Id: MINE        (MINE and OTHERS stand for valid sessions, the second of another
//   principal)
//
//   {"jsonrpc":"2.0", ...
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "mcp/http_endpoint.h"
#include "mcp/legacy/token_session_host.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/request_headers.h"
#include "mcp/sse.h"
#include "tests/support/fake_exchange.h"
#include "tests/support/fake_handler.h"

namespace {

constexpr std::size_t kMaxBody = 2048;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

// What does not change from input to input.
struct Setting {
  Setting() {
    me.id = "me";
    other.id = "other";
    mine = sessions.Open(me, mcp::Revision::k2025_11_25, "{}", "{}");
    others = sessions.Open(other, mcp::Revision::k2025_11_25, "{}", "{}");
  }

  base::Loop loop;
  base::SystemClock clock;
  mcp::legacy::TokenSessionHost sessions{base::auth::Aead({std::string(32, 'k')}), "x", clock};
  base::auth::Principal me;
  base::auth::Principal other;
  std::string mine;
  std::string others;
};

struct Request {
  std::string_view verb;
  std::vector<base::http::Field> fields;
  std::string_view body;
};

Request Parse(std::string_view text, const Setting& setting) {
  Request request;
  request.verb = TakeLine(text);
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) continue;
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (value == "MINE") value = setting.mine;
    if (value == "OTHERS") value = setting.others;
    request.fields.push_back({line.substr(0, colon), value});
  }
  request.body = text;
  return request;
}

// One message of ours to the caller.
void CheckMessage(std::string_view bytes, const Request& request) {
  const auto answer = mcp::Scan(bytes);
  Require(answer.has_value());
  if (!answer->method.empty()) return;
  const auto asked = mcp::Scan(request.body);
  const std::string_view id = answer->id.of(bytes);
  if (id.empty() || id == "null") return;
  Require(asked && asked->id.of(request.body) == id);
}

// One answer, whole, and of the right form.
void CheckAnswer(const support::FakeExchange& exchange, const Request& request) {
  Require(exchange.status >= 200 && exchange.status < 500);
  if (exchange.streamed) {
    Require(exchange.Field("Content-Type") == "text/event-stream");
    mcp::SseParser parser;
    parser.Feed(exchange.text);
    for (auto event = parser.Next(); event && *event; event = parser.Next()) {
      if (!(*event)->data.empty()) CheckMessage((*event)->data, request);
    }
    return;
  }
  Require(exchange.finished);
  if (exchange.text.empty()) return;
  Require(exchange.Field("Content-Type") == "application/json");
  CheckMessage(exchange.text, request);
}

// What the Handler got is what the head said.
void CheckCall(const mcp::Call& call, const mcp::RequestHeaders& headers) {
  Require(headers.session || call.session.empty());
  if (!mcp::IsModern(call.revision)) return;
  if (headers.version != "2026-07-28") {
    // What the endpoint asks by itself, for an initialize or a GET.
    return Require(call.method == "server/discover" || call.method == "subscriptions/listen");
  }
  Require(call.session.empty());
  Require(headers.version == "2026-07-28");
  if (headers.method) Require(mcp::DecodeHeaderValue(*headers.method) == call.method);
  if (!call.is_request()) return;  // only requests must name what they are
  Require(headers.method.has_value());
  if (mcp::NeedsName(call.method))
    Require(headers.name && mcp::DecodeHeaderValue(*headers.name) == call.item);
}

void Serve(std::string_view text) {
  static Setting setting;
  const Request request = Parse(text, setting);

  support::FakeExchange exchange(request.verb, std::string(request.body), request.fields);
  const mcp::RequestHeaders headers = mcp::RequestHeaders::Read(exchange.head().fields);
  support::FakeHandler handler([&](mcp::Call& call) -> base::Task<mcp::Response> {
    CheckCall(call, headers);
    if (!call.is_request()) co_return mcp::Response::Accepted();
    co_return mcp::Response::Message(support::ResultMessage(call, "{}"));
  });

  mcp::Record record;
  const mcp::EndpointOptions options{.max_body_bytes = kMaxBody, .sessions = &setting.sessions};
  bool ended = false;
  const auto serve = [&]() -> base::Task<void> {
    co_await mcp::ServeHttp(exchange, setting.loop, setting.me, record, handler, options);
    ended = true;
  };
  base::Spawn(serve());
  setting.loop.io.poll();
  setting.loop.io.restart();
  // A stream goes on until its reader is gone.
  if (!ended) exchange.HangUp();
  setting.loop.io.poll();
  setting.loop.io.restart();
  Require(ended);
  CheckAnswer(exchange, request);
  if (headers.session == setting.others) {
    for (const mcp::Revision revision : handler.revisions) Require(mcp::IsModern(revision));
  }

  // Sessions are ended by some inputs: the next one finds its own again.
  if (!setting.sessions.Find(setting.mine, setting.me)) {
    setting.mine = setting.sessions.Open(setting.me, mcp::Revision::k2025_11_25, "{}", "{}");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Serve(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
