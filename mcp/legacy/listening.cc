#include "mcp/legacy/listening.h"

#include <exception>
#include <utility>

#include "mcp/legacy/call_stream.h"
#include "mcp/raw_json.h"
#include "mcp/read_relayed.h"
#include "mcp/requests.h"

namespace mcp::legacy {
namespace {

constexpr std::string_view kAcknowledged = "notifications/subscriptions/acknowledged";
constexpr std::string_view kSubscriptionKey = "io.modelcontextprotocol/subscriptionId";

std::string ListenRequest(const CallerSession& session,
                          const CallerSession::Subscriptions& wanted) {
  const CallerSession::Facts& facts = session.facts();
  std::string out = R"({"jsonrpc":"2.0","id":"listen","method":)" + Quote(kListenMethod) +
                    R"(,"params":{"_meta":{"io.modelcontextprotocol/protocolVersion":)";
  out += Quote(ToString(kLatest));
  if (IsObject(facts.client_info))
    out += R"(,"io.modelcontextprotocol/clientInfo":)" + facts.client_info;
  out += R"(,"io.modelcontextprotocol/clientCapabilities":)";
  out += IsObject(facts.client_capabilities) ? facts.client_capabilities : std::string("{}");
  out += R"(},"notifications":{"toolsListChanged":true,"promptsListChanged":true,)"
         R"("resourcesListChanged":true,"resourceSubscriptions":[)";
  for (const std::string& uri : wanted.uris) {
    if (out.back() != '[') out += ',';
    out += Quote(uri);
  }
  return out + "]}}}";
}

}  // namespace

std::string WithoutSubscription(std::string_view message, const Envelope& envelope) {
  const std::string_view meta = envelope.meta.of(message);
  if (Member(meta, kSubscriptionKey).empty()) return std::string(message);
  std::string kept = "{";
  Members members(meta);
  while (members.Next()) {
    if (members.Is(kSubscriptionKey)) continue;
    if (kept.size() > 1) kept += ',';
    kept.append(members.key()).append(":").append(members.value());
  }
  kept += '}';
  std::string out(message.substr(0, envelope.meta.begin));
  return out.append(kept).append(message.substr(envelope.meta.end));
}

Listening::Listening(EndpointExchange& in, CallerSession& session, EventLog& log,
                     base::Doorbell& bell, CallerSession::Subscriptions wanted)
    : in_(in),
      session_(session),
      log_(log),
      bell_(bell),
      wanted_(std::move(wanted)),
      record_(in.record) {}

void Listening::Start() { base::Spawn(Run()); }

base::Task<void> Listening::Run() {
  const std::string request = ListenRequest(session_, wanted_);
  const base::Result<Envelope> envelope = Scan(request);
  if (envelope) {
    record_.method = kListenMethod;
    Call call{.bytes = request,
              .envelope = *envelope,
              .revision = kLatest,
              .principal = in_.principal,
              .client = *this,
              .cancel = cancel,
              .record = record_,
              .method = kListenMethod,
              .item = {},
              .fields = &in_.exchange.head().fields,
              .connection_id = in_.exchange.connection_id(),
              .session = session_.facts().key,
              .client_capabilities = session_.facts().client_capabilities,
              .client_info = session_.facts().client_info};
    const Response response = co_await in_.Handle(call);
    if (response.kind == Response::Kind::kMessage)
      ended_well_ = OutcomeOf(response.body).outcome == Outcome::kOk;
  }
  done_ = true;
  bell_.Ring();
}

void Listening::Hear(std::string_view message) {
  const base::Result<Envelope> envelope = Scan(message);
  if (!envelope) return;
  if (envelope->kind == Envelope::Kind::kResult) {
    ended_well_ = true;
  } else if (envelope->kind == Envelope::Kind::kNotification) {
    if (DecodeString(envelope->method.of(message)) != kAcknowledged)
      return log_.Add(WithoutSubscription(message, *envelope), false, nullptr);
    acknowledged_ = true;
    hears_session_ = Member(envelope->meta.of(message), kHearsSession) == "true";
    bell_.Ring();
  } else if (envelope->kind == Envelope::Kind::kRequest) {
    log_.Add(message, false, nullptr);  // a question of ours on its way out
  }
}

base::Task<base::Result<void>> Listening::Notify(std::string_view message) {
  Hear(message);
  co_return base::Result<void>();
}

base::Task<base::Result<void>> Listening::Relay(Source& source) {
  const base::Result<std::string> answer = co_await ReadRelayed(source, *this);
  if (!answer) co_return answer.error();
  Hear(*answer);
  co_return base::Result<void>();
}

base::Task<base::Result<std::string>> Listening::Ask(std::string_view request,
                                                     base::CancelSignal& withdrawn) {
  return AskCaller(session_, in_.loop, cancel, *this, request, withdrawn);
}

}  // namespace mcp::legacy
