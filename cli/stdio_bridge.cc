#include "cli/stdio_bridge.h"

#include <algorithm>

#include "mcp/error.h"
#include "mcp/legacy/handshake.h"
#include "mcp/legacy/resumed_answer.h"
#include "mcp/legacy/session_client.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"

namespace cli {
namespace {

using base::Code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxMessageBytes = 16 * 1024 * 1024;
// A gateway that restarts is back within this.
constexpr milliseconds kReachWithin{30'000};
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{5'000};
// Calls that run when stdin ends may finish for so long.
constexpr milliseconds kFinishWithin{30'000};
constexpr milliseconds kEndSessionWithin{1'000};
// The gateway says something at least each 15 s.
constexpr milliseconds kQuiet{120'000};
constexpr std::size_t kMaxRunning = 1'000;
constexpr std::string_view kAgainId = "\"portolan-again\"";

base::http::ClientLimits Limits() {
  base::http::ClientLimits limits;
  limits.first_byte = kQuiet;
  limits.idle = kQuiet;
  limits.max_connections_per_origin = kMaxRunning + 8;
  return limits;
}

std::vector<base::http::Field> FieldsOf(const StdioBridge::Headers& headers) {
  std::vector<base::http::Field> fields;
  for (const auto& [name, value] : headers) fields.push_back({name, value});
  return fields;
}

milliseconds Longer(milliseconds pause) { return std::min(pause * 2, kLongestPause); }

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

bool IsListen(std::string_view method) { return method == "subscriptions/listen"; }

}  // namespace

StdioBridge::StdioBridge(base::Loop& loop, StandardStreams& streams, base::http::Url url,
                         std::function<Headers()> credentials)
    : loop_(loop),
      streams_(streams),
      url_(std::move(url)),
      credentials_(std::move(credentials)),
      client_(base::http::Client::Create(loop, Limits())) {}

StdioBridge::~StdioBridge() = default;

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
  if (message->modern && message->method == "notifications/cancelled") {
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
  asked->endless = IsListen(message->method);
  const std::string id(message->id());
  if (message->is_request()) asked_[id] = asked;
  if (ending_.requested()) asked->cancel.Request();
  const base::Result<void> delivered = co_await Deliver(*message, asked->cancel);
  if (message->method == "notifications/cancelled") {
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
    const bool again = !taken && IsListen(message.method) && !cancel.requested();
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
  out.endless = IsListen(message.method);
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

// ---- The session

base::Result<void> StdioBridge::OpenSession(std::shared_ptr<const Outgoing> initialize,
                                            std::string_view reply, std::string session) {
  const base::Result<mcp::Envelope> envelope = mcp::Scan(reply);
  if (!envelope) return envelope.error();
  const auto initialized = mcp::legacy::ReadInitializeAnswer(reply, *envelope);
  if (!initialized) return initialized.error();
  revision_ = initialized->revision;
  session_ = std::move(session);
  initialize_ = std::move(initialize);
  return {};
}

base::Task<base::Result<void>> StdioBridge::OpenSessionAgain(std::string lost) {
  while (reopening_) {
    co_await base::AwaitIo<>([&](auto handler) {
      reopened_.push_back([&loop = loop_, handler] { loop.Post(handler); });
    });
  }
  if (session_ != lost || !initialize_) co_return base::Result<void>();
  reopening_ = true;
  base::Result<void> opened = co_await InitializeAgain();
  reopening_ = false;
  for (const auto& resume : std::exchange(reopened_, {})) resume();
  co_return opened;
}

// As the client did, which needs not know.
base::Task<base::Result<void>> StdioBridge::InitializeAgain() {
  const std::shared_ptr<const Outgoing> first = initialize_;
  Outgoing again;
  again.bytes = mcp::legacy::WithId(first->bytes, first->envelope, kAgainId);
  again.envelope = *mcp::Scan(again.bytes);
  again.method = first->method;
  base::Result<AnswerPointer> answer = co_await Send(again, {}, ending_);
  if (!answer) co_return answer.error();
  for (;;) {
    const auto reply = co_await (*answer)->NextMessage(kMaxMessageBytes);
    if (!reply) co_return reply.error();
    if (reply->empty()) co_return base::Fail(Code::kUnavailable, "opened no session again");
    const base::Result<mcp::Envelope> envelope = mcp::Scan(*reply);
    if (!envelope || !mcp::IsAnswerTo(*reply, *envelope, kAgainId)) continue;
    const auto opened = OpenSession(first, *reply, (*answer)->session());
    if (!opened) co_return opened.error();
    break;
  }
  Outgoing initialized;
  initialized.bytes = mcp::legacy::kInitializedNotification;
  initialized.envelope = *mcp::Scan(initialized.bytes);
  initialized.method = "notifications/initialized";
  const base::Result<AnswerPointer> accepted = co_await Send(initialized, session_, ending_);
  if (!accepted) co_return accepted.error();
  base::Spawn(HearSession(session_));
  co_return base::Result<void>();
}

base::Task<> StdioBridge::HearSession(std::string session) {
  ++running_;
  std::string last_event_id;
  milliseconds pause = kFirstPause;
  while (session == session_ && !session.empty() && !ending_.requested()) {
    const Headers headers = credentials_();
    const std::vector<base::http::Field> fields = FieldsOf(headers);
    mcp::legacy::StreamRequest request;
    request.session = session;
    request.revision = revision_;
    request.last_event_id = last_event_id;
    request.cancel = &ending_;
    request.fields = fields;
    auto answer = co_await mcp::legacy::OpenStream(*client_, url_, request);
    const int status = answer ? (*answer)->status() : 0;
    // It gives no stream.
    if (status == 405) break;
    if (answer && mcp::IsSessionLoss(**answer, session)) {
      answer->reset();
      // Which hears the new one.
      (void)co_await OpenSessionAgain(session);
      break;
    }
    pause = Longer(pause);
    if (status == 200 && (*answer)->form() == mcp::Source::Form::kEventStream) {
      const bool heard = co_await HearStream(**answer);
      if (!(*answer)->last_event_id().empty()) last_event_id = (*answer)->last_event_id();
      if (heard) pause = (*answer)->retry().value_or(kFirstPause);
    }
    if (answer) answer->reset();
    (void)co_await loop_.timers.Sleep(std::max(pause, kFirstPause), ending_);
  }
  OneLess();
}

base::Task<bool> StdioBridge::HearStream(mcp::Answer& answer) {
  bool heard = false;
  for (;;) {
    const auto message = co_await answer.NextMessage(kMaxMessageBytes);
    if (!message || message->empty()) co_return heard;
    heard = true;
    streams_.Write(*message);
  }
}

base::Task<> StdioBridge::EndSession() {
  if (session_.empty()) co_return;
  const Headers headers = credentials_();
  std::vector<base::http::Field> fields = FieldsOf(headers);
  fields.push_back({"Mcp-Session-Id", session_});
  base::CancelSignal late;
  base::Timers::Timer timer;
  const auto expire = [](void* signal) { static_cast<base::CancelSignal*>(signal)->Request(); };
  loop_.timers.Arm(timer, kEndSessionWithin, expire, &late);
  base::http::Client::Request request;
  request.method = "DELETE";
  request.fields = fields;
  request.cancel = &late;
  // Whatever it answers is fine.
  (void)co_await client_->Send(url_, request);
}

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
