#include "cli/stdio_bridge.h"

#include <algorithm>

#include "mcp/error.h"
#include "mcp/legacy/handshake.h"
#include "mcp/legacy/resumed_answer.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace cli {
namespace {

using base::Code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A gateway that restarts is back within this.
constexpr milliseconds kReachWithin{30'000};
// Calls that run when stdin ends may finish for so long.
constexpr milliseconds kFinishWithin{30'000};
// The gateway says something at least each 15 s.
constexpr milliseconds kQuiet{120'000};
constexpr std::size_t kMaxRunning = 1'000;

base::http::ClientLimits Limits() {
  base::http::ClientLimits limits;
  limits.first_byte = kQuiet;
  limits.idle = kQuiet;
  limits.max_connections_per_origin = kMaxRunning + 8;
  return limits;
}

// A refusal at the gate has read no body, and knows no id: `"id":null`.
std::string WithIdOf(std::string_view raw_id, std::string_view reply) {
  const std::string_view id = mcp::Member(reply, "id");
  const std::size_t at =
      id.empty() ? reply.find('{') + 1 : static_cast<std::size_t>(id.data() - reply.data());
  std::string out(reply.substr(0, at));
  if (id.empty()) out += "\"id\":";
  out += raw_id;
  if (id.empty()) out += ',';
  return out += reply.substr(at + id.size());
}

}  // namespace

StdioBridge::StdioBridge(base::Loop& loop, StandardStreams& streams, base::http::Url url,
                         std::shared_ptr<const base::http::TlsContext> tls,
                         std::function<Headers()> credentials)
    : loop_(loop),
      streams_(streams),
      url_(std::move(url)),
      credentials_(std::move(credentials)),
      client_(base::http::Client::Create(loop, Limits(), std::move(tls))) {}

StdioBridge::~StdioBridge() = default;

std::vector<base::http::Field> StdioBridge::FieldsOf(const Headers& headers) {
  std::vector<base::http::Field> fields;
  for (const auto& [name, value] : headers) fields.push_back({name, value});
  return fields;
}

milliseconds StdioBridge::Longer(milliseconds pause) {
  constexpr milliseconds kLongestPause{5'000};
  return std::min(pause * 2, kLongestPause);
}

base::Task<> StdioBridge::Run(base::CancelSignal& stop) {
  for (;;) {
    const auto line = co_await streams_.Next(stop);
    if (!line || !*line) {
      if (!line) Refuse(Outgoing(), mcp::kInvalidRequest, line.error().message);
      break;
    }
    Take(**line);
    while (running_ + held_.size() >= kMaxRunning && !stop.requested())
      co_await AwaitOneLess(kFinishWithin, stop);
  }
  const auto under_way = [this] {
    return std::any_of(asked_.begin(), asked_.end(), [](const auto& entry) {
      return !entry.second->unwanted && !entry.second->endless;
    });
  };
  const auto at_latest = steady_clock::now() + kFinishWithin;
  while (under_way() && !stop.requested() && steady_clock::now() < at_latest) {
    co_await AwaitOneLess(kFinishWithin, stop);
  }
  ending_.Request();
  for (const auto& [_, asked] : std::exchange(asked_, {})) {
    asked->unwanted = true;
    asked->cancel.Request();
  }
  base::CancelSignal never;
  while (running_ > 0) co_await AwaitOneLess(kFinishWithin, never);
  co_await EndSession();
}

base::Task<> StdioBridge::AwaitOneLess(milliseconds at_most, base::CancelSignal& stop) {
  base::CancelSignal woken;
  const auto wake = [&woken] { woken.Request(); };
  base::CancelSignal::Hook hook(stop, wake);
  one_less_ = wake;
  (void)co_await loop_.timers.Sleep(at_most, woken);
  one_less_ = nullptr;
}

// ---- From the client

void StdioBridge::Take(std::string line) {
  // Clients that do not wait for the answer to initialize: what follows needs the session.
  if (opening_) return held_.push_back(std::move(line));
  const auto message = std::make_shared<Outgoing>();
  message->bytes = std::move(line);
  const auto envelope = mcp::Scan(message->bytes);
  if (!envelope) {
    const bool is_json = envelope.error().code != Code::kInvalidArgument;
    return Refuse(Outgoing(), is_json ? mcp::kInvalidRequest : mcp::kParseError,
                  envelope.error().message);
  }
  message->envelope = *envelope;
  message->method = mcp::DecodeString(envelope->method.of(message->bytes));
  const mcp::Span& item = envelope->name.empty() ? envelope->uri : envelope->name;
  message->item = mcp::DecodeString(item.of(message->bytes));
  message->modern =
      !envelope->protocol_version.empty() || (!initialize_ && message->method != "initialize");
  const std::string version = mcp::DecodeString(envelope->protocol_version.of(message->bytes));
  if (!version.empty() && version != mcp::ToString(mcp::kLatest)) {
    return Refuse(*message, mcp::kUnsupportedRevision, "Unsupported protocol version " + version);
  }
  if (message->modern && message->method == mcp::kCancelledMethod) {
    return CancelModern(*message);
  }
  opening_ = message->method == "initialize" && message->is_request();
  base::Spawn(Forward(message));
}

// MCP 2026-07-28: closing the stream is the cancellation.
void StdioBridge::CancelModern(const Outgoing& message) {
  const auto found = asked_.find(message.envelope.request_id.of(message.bytes));
  if (found == asked_.end()) return;
  const std::shared_ptr<Asked> asked = found->second;
  asked->unwanted = true;
  asked->cancel.Request();
}

base::Task<> StdioBridge::Forward(std::shared_ptr<Outgoing> message) {
  ++running_;
  const auto asked = std::make_shared<Asked>();
  asked->endless = message->method == mcp::kListenMethod;
  const std::string id(message->id());
  if (message->is_request()) asked_[id] = asked;
  if (ending_.requested()) asked->cancel.Request();
  const base::Result<void> delivered = co_await Deliver(*message, asked->cancel);
  if (message->method == mcp::kCancelledMethod) {
    // The endpoint knows; it may send no answer any more.
    const auto found = asked_.find(message->envelope.request_id.of(message->bytes));
    if (found != asked_.end()) {
      const std::shared_ptr<Asked> named = found->second;
      named->unwanted = true;
      named->cancel.Request();
    }
  }
  if (!delivered && message->is_request() && !asked->unwanted) {
    Refuse(*message, mcp::kUpstreamFailed, "The gateway " + delivered.error().message + ".");
  }
  if (message->method == "initialize") {
    opening_ = false;
    for (std::string& line : std::exchange(held_, {})) Take(std::move(line));
  }
  const auto mine = asked_.find(id);
  if (mine != asked_.end() && mine->second == asked) asked_.erase(mine);
  OneLess();
}

base::Task<base::Result<void>> StdioBridge::Deliver(const Outgoing& message,
                                                    base::CancelSignal& cancel) {
  constexpr int kMaxAttempts = 3;
  const bool in_session = !message.modern && message.method != "initialize";
  for (int attempt = 1;; ++attempt) {
    const std::string session = in_session ? session_ : std::string();
    base::Result<AnswerPointer> answer = co_await Send(message, session, cancel);
    if (!answer) co_return answer.error();
    if (in_session && mcp::IsSessionLoss(**answer, session) && attempt < kMaxAttempts) {
      const base::Result<void> opened = co_await OpenSessionAgain(session);
      if (!opened) co_return opened.error();
      // An answer to what the server asked in the old session is nobody's in the new one.
      const bool is_answer = message.envelope.kind == mcp::Envelope::Kind::kResult ||
                             message.envelope.kind == mcp::Envelope::Kind::kError;
      if (is_answer || message.method == "notifications/initialized") {
        co_return base::Result<void>();
      }
      continue;
    }
    base::Result<void> taken = co_await TakeAnswer(message, session, *std::move(answer), cancel);
    if (taken && message.method == "notifications/initialized") {
      base::Spawn(HearSession(session));
    }
    // A listener that lost its stream listens again: that is what the protocol tells it to do.
    const bool again = !taken && message.method == mcp::kListenMethod && !cancel.requested();
    if (!again) co_return taken;
    attempt = 0;
    (void)co_await loop_.timers.Sleep(kFirstPause, cancel);
  }
}

base::Task<base::Result<StdioBridge::AnswerPointer>> StdioBridge::Send(const Outgoing& message,
                                                                       std::string session,
                                                                       base::CancelSignal& cancel) {
  const Headers headers = credentials_();
  const std::vector<base::http::Field> fields = FieldsOf(headers);
  const std::string_view pieces[] = {message.bytes};
  mcp::OutgoingMessage out;
  out.body = pieces;
  out.revision = message.modern ? mcp::kLatest : revision_;
  out.method = message.method;
  out.item = message.item;
  out.session = session;
  out.fields = fields;
  out.cancel = &cancel;
  out.endless = message.method == mcp::kListenMethod;
  tried_ = true;
  const auto at_latest = steady_clock::now() + kReachWithin;
  for (milliseconds pause = kFirstPause;; pause = Longer(pause)) {
    auto answer = co_await mcp::Post(*client_, url_, out);
    if (answer) {
      reached_ = true;
      co_return *std::move(answer);
    }
    const bool may_retry = answer.error().nothing_sent && steady_clock::now() < at_latest;
    bool waited = false;
    if (may_retry) waited = co_await loop_.timers.Sleep(pause, cancel);
    if (!waited) {
      co_return base::Fail(answer.error().error.code,
                           "could not be reached: " + answer.error().error.message);
    }
  }
}

// ---- From the endpoint

base::Task<base::Result<void>> StdioBridge::TakeAnswer(const Outgoing& message, std::string session,
                                                       AnswerPointer answer,
                                                       base::CancelSignal& cancel) {
  if (answer->empty()) co_return base::Result<void>();
  const int status = answer->status();
  const std::string opened = answer->session();
  const Headers headers = credentials_();
  const std::vector<base::http::Field> fields = FieldsOf(headers);
  mcp::legacy::ResumedAnswer::Peer peer{.loop = loop_,
                                        .client = *client_,
                                        .url = url_,
                                        .session = session,
                                        .revision = revision_,
                                        .cancel = cancel,
                                        .max_message_bytes = kMaxMessageBytes,
                                        .fields = fields};
  mcp::legacy::ResumedAnswer replies(peer, std::move(answer));
  for (;;) {
    const base::Result<std::string_view> reply = co_await replies.Next();
    if (!reply) {
      co_return base::Fail(reply.error().code, "broke off: " + reply.error().message);
    }
    if (reply->empty()) {
      if (!message.is_request()) co_return base::Result<void>();
      co_return base::Fail(Code::kUnavailable,
                           "gave no answer (HTTP " + std::to_string(status) + ")");
    }
    const base::Result<bool> answered = TakeReply(message, *reply);
    if (!answered) {
      co_return base::Fail(Code::kUnavailable, "answered HTTP " + std::to_string(status));
    }
    if (!*answered) continue;
    // An error opens none, and the client has read it.
    if (message.method == "initialize") {
      (void)OpenSession(std::make_shared<Outgoing>(message), *reply, opened);
    }
    co_return base::Result<void>();
  }
}

base::Result<bool> StdioBridge::TakeReply(const Outgoing& message, std::string_view reply) {
  const base::Result<mcp::Envelope> envelope = mcp::Scan(reply);
  if (!envelope) return envelope.error();
  const bool is_answer = envelope->kind == mcp::Envelope::Kind::kResult ||
                         envelope->kind == mcp::Envelope::Kind::kError;
  if (!is_answer) {
    streams_.Write(reply);
    return false;
  }
  if (!mcp::IsAnswerTo(reply, *envelope, message.id())) return false;
  if (message.is_request()) {
    const bool named = !envelope->id.empty() && envelope->id.of(reply) != "null";
    streams_.Write(named ? std::string(reply) : WithIdOf(message.id(), reply));
  }
  return true;
}

// ---- What runs, and what cannot

void StdioBridge::OneLess() {
  --running_;
  if (one_less_) one_less_();
}

void StdioBridge::Refuse(const Outgoing& message, int code, std::string why) {
  if (!message.bytes.empty() && !message.is_request()) return;
  mcp::CallError error;
  error.code = code;
  error.message = std::move(why);
  if (code == mcp::kUnsupportedRevision) error.extra_data_json = R"("supported":["2026-07-28"])";
  streams_.Write(mcp::ErrorMessage(message.id(), error, {}));
}

}  // namespace cli
