#include "gateway/backends/remote_server.h"

#include <chrono>
#include <optional>

#include "base/log.h"
#include "gateway/backends/forwarded_fields.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/error.h"
#include "mcp/legacy/session_client.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;

constexpr std::string_view kListen = "subscriptions/listen";
constexpr std::chrono::milliseconds kIdleCheck{60'000};
constexpr std::size_t kMaxErrorBytes = 64 * 1024;

// A server that does not take modern requests (any more), from its refusal of one.
bool IsOfOlderRevision(int status, std::string_view body) {
  if (status != 400 && status != 404 && status != 405) return false;
  const auto envelope = mcp::Scan(body);
  if (!envelope || envelope->kind != mcp::Envelope::Kind::kError) return true;
  const std::int64_t code = mcp::Integer(envelope->error_code.of(body)).value_or(0);
  return code == mcp::kLegacyBadRequest || code == mcp::kSessionNotFound ||
         code == mcp::kUnsupportedRevision;
}

// Whether a refusal of a request that carried a session means that the session is gone. Some
// servers say 400 for it, and some say 400 for what is wrong with the request.
bool IsSessionGone(int status, std::string_view body) {
  if (status == 404) return true;
  const auto envelope = mcp::Scan(body);
  if (!envelope || envelope->kind != mcp::Envelope::Kind::kError) return true;
  const std::int64_t code = mcp::Integer(envelope->error_code.of(body)).value_or(0);
  return code == mcp::kLegacyBadRequest || code == mcp::kSessionNotFound ||
         code == mcp::kUnsupportedRevision || code == mcp::kHeaderMismatch;
}

}  // namespace

// Passes on what a server says before its answer, and answers what it asks.
class AsideSink final : public mcp::NotificationSink {
 public:
  AsideSink(RemoteServer& server, mcp::Call& call, const Upstream::SessionPointer& session)
      : server_(server), call_(call), session_(session) {}

  base::Task<base::Result<void>> Take(std::string_view message) override {
    const auto envelope = mcp::Scan(message);
    if (!envelope) co_return base::Result<void>();
    if (envelope->kind == mcp::Envelope::Kind::kRequest) {
      const std::string method = mcp::DecodeString(envelope->method.of(message));
      // We said that we can do nothing for it, so this is a mistake: it must not wait for ever.
      if (session_) {
        base::Spawn(RemoteServer::PostAside(server_.shared_from_this(),
                                            AnswerToServer(envelope->id.of(message), method),
                                            session_));
      }
      co_return base::Result<void>();
    }
    if (!MayHear(call_, message)) co_return base::Result<void>();
    co_return co_await call_.client.Notify(message);
  }

 private:
  RemoteServer& server_;
  mcp::Call& call_;
  const Upstream::SessionPointer& session_;
};

RemoteServer::RemoteServer(Options options, std::shared_ptr<Upstream> upstream,
                           BackendContext& context)
    : options_(std::move(options)), upstream_(std::move(upstream)), context_(context) {}

RemoteServer::~RemoteServer() = default;

base::Task<Response> RemoteServer::Handle(mcp::Call& call) {
  const bool endless = call.method == kListen;
  Deadline deadline(context_.loop, call.cancel,
                    endless ? std::chrono::milliseconds(0) : context_.limits.total);
  // Twice, when the server turns out to speak another revision than it did.
  for (int round = 0; round < 2; ++round) {
    std::optional<mcp::Revision> revision = upstream_->revision();
    if (!revision) {
      const base::Result<mcp::Revision> met = co_await Meet(call, deadline);
      if (!met) co_return Fail(call, met.error(), deadline);
      revision = *met;
    }
    std::optional<Response> response;
    if (mcp::IsModern(*revision)) {
      response = co_await AskModern(call, deadline);
    } else {
      response = co_await AskOlder(call, deadline);
    }
    if (response) co_return *std::move(response);
    upstream_->Forget(*revision);
  }
  co_return Fail(call, base::Fail(Code::kUnavailable, "the server refuses every revision we speak"),
                 deadline);
}

base::Task<base::Result<mcp::Revision>> RemoteServer::Meet(mcp::Call& call, Deadline& deadline) {
  while (true) {
    const bool ours = co_await upstream_->BeginMeeting(context_.loop);
    if (ours) break;
    if (const auto revision = upstream_->revision()) co_return *revision;
    if (deadline.signal().requested()) co_return base::Fail(Code::kCancelled, "cancelled");
  }
  mcp::HandshakeOptions options;
  options.cancel = &deadline.signal();
  auto met = co_await mcp::Meet(context_.client, options_.url, options);
  if (!met) {
    upstream_->MeetingFailed();
    co_return met.error().error.WithContext(met.error().stage);
  }
  if (!mcp::IsModern(met->revision)) {
    // The session that the meeting left us serves whoever caused it.
    const std::string key = SessionKey(call);
    const Session existing = co_await upstream_->Acquire(context_.loop, key);
    if (!existing) upstream_->Opened(key, {met->session, met->revision});
    EndIdleSessions();
  }
  const mcp::Revision revision = met->revision;
  upstream_->Know(revision, std::move(met->result));
  spdlog::info("server '{}' speaks {}", options_.name, mcp::ToString(revision));
  co_return revision;
}

std::string RemoteServer::SessionKey(const mcp::Call& call) const {
  if (options_.shared_sessions) return "shared";
  if (!call.session.empty()) return "session:" + std::string(call.session);
  if (!call.principal.anonymous()) return "principal:" + call.principal.id;
  return "connection:" + std::to_string(call.connection_id);
}

base::Task<base::Result<RemoteServer::Session>> RemoteServer::SessionFor(const std::string& key,
                                                                         Deadline& deadline) {
  if (Session found = upstream_->Find(key)) co_return found;
  if (Session found = co_await upstream_->Acquire(context_.loop, key)) co_return found;
  mcp::HandshakeOptions options;
  options.cancel = &deadline.signal();
  auto opened = co_await mcp::legacy::OpenSession(context_.client, options_.url, options);
  if (!opened) {
    upstream_->Failed(key);
    // The caller tells this from a server that cannot be reached.
    const bool refused = opened.error().stage == "handshake";
    base::Error error = opened.error().error.WithContext(opened.error().stage);
    if (refused && error.code != Code::kCancelled) error.code = Code::kFailedPrecondition;
    co_return error;
  }
  EndIdleSessions();
  UpstreamSession session{std::move(opened->session), opened->revision};
  co_return upstream_->Opened(key, std::move(session));
}

RemoteServer::Outgoing RemoteServer::MakeOutgoing(const mcp::Call& call, Passage passage) {
  Outgoing outgoing;
  outgoing.passage = passage;
  switch (passage) {
    case Passage::kUntouched:
    case Passage::kNone:
      outgoing.bytes = call.bytes;
      return outgoing;
    case Passage::kRenumbered:
      outgoing.raw_id = std::to_string(upstream_->NextId());
      outgoing.storage = mcp::legacy::WithId(call.bytes, call.envelope, outgoing.raw_id);
      break;
    case Passage::kToModern:
      outgoing.storage = mcp::legacy::ToModernRequest(call.bytes, call.envelope, IdentityOf(call));
      break;
    case Passage::kToOlder:
      outgoing.raw_id = std::to_string(upstream_->NextId());
      outgoing.storage = mcp::legacy::ToLegacyRequest(call.bytes, call.envelope, outgoing.raw_id);
      break;
  }
  outgoing.bytes = outgoing.storage;
  return outgoing;
}

base::Task<boost::system::result<std::unique_ptr<mcp::Answer>, base::http::SendFailure>>
RemoteServer::Send(mcp::Call& call, const Outgoing& outgoing, const UpstreamSession* session,
                   Deadline& deadline) {
  const FieldList fields = ForwardedFields(call, session == nullptr);
  const std::string_view pieces[] = {outgoing.bytes};
  mcp::OutgoingMessage message;
  message.body = pieces;
  message.revision = session ? session->revision : mcp::kLatest;
  message.method = call.method;
  message.item = call.item;
  if (session) message.session = session->id;
  message.fields = {fields.data(), fields.size()};
  message.cancel = &deadline.signal();
  message.endless = call.method == kListen;
  const auto begun = std::chrono::steady_clock::now();
  auto answer = co_await mcp::Post(context_.client, options_.url, message);
  call.record.server_time = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begun);
  co_return answer;
}

base::Task<std::optional<Response>> RemoteServer::AskModern(mcp::Call& call, Deadline& deadline) {
  // An older caller's endpoint asks for this to answer initialize.
  if (call.method == "server/discover" && !mcp::IsModern(call.revision)) {
    co_return Introduce(call, true);
  }
  const Passage passage = PassageOf(call, true, false);
  if (passage == Passage::kNone) co_return AnswerInstead(call, options_.name);
  const Outgoing outgoing = MakeOutgoing(call, passage);
  auto answer = co_await Send(call, outgoing, nullptr, deadline);
  if (!answer) {
    co_return Fail(call, answer.error().error.WithContext(answer.error().stage), deadline);
  }
  if ((*answer)->status() >= 400) {
    const auto body = co_await (*answer)->NextMessage(kMaxErrorBytes);
    const std::string refusal(body ? *body : std::string_view());
    if (IsOfOlderRevision((*answer)->status(), refusal)) co_return std::nullopt;
    const auto envelope = mcp::Scan(refusal);
    if (envelope && envelope->kind == mcp::Envelope::Kind::kError && call.is_request()) {
      co_return Response::Message(AnswerTo(call, passage, refusal, *envelope));
    }
    const std::string status = "the server answered HTTP " + std::to_string((*answer)->status());
    co_return Fail(call, base::Fail(Code::kUnavailable, status), deadline);
  }
  co_return co_await PassOn(call, outgoing, **answer, nullptr, deadline);
}

base::Task<std::optional<Response>> RemoteServer::AskOlder(mcp::Call& call, Deadline& deadline) {
  if (call.method == "server/discover") co_return Introduce(call, false);
  // In a session that several callers share, their ids could be the same.
  const bool shared = options_.shared_sessions || call.session.empty();
  const Passage passage = PassageOf(call, false, shared);
  if (passage == Passage::kNone) co_return AnswerInstead(call, options_.name);
  const std::string key = SessionKey(call);
  const Outgoing outgoing = MakeOutgoing(call, passage);
  // Twice, when the server has forgotten our session: it has not looked at the message then.
  for (int round = 0; round < 2; ++round) {
    const base::Result<Session> session = co_await SessionFor(key, deadline);
    if (!session) {
      if (session.error().code == Code::kFailedPrecondition) co_return std::nullopt;
      co_return Fail(call, session.error(), deadline);
    }
    auto answer = co_await Send(call, outgoing, session->get(), deadline);
    if (!answer) {
      if (deadline.signal().requested()) TellCancelled(outgoing, call, *session);
      co_return Fail(call, answer.error().error.WithContext(answer.error().stage), deadline);
    }
    if (!mcp::IsSessionLoss(**answer, (*session)->id)) {
      co_return co_await PassOn(call, outgoing, **answer, *session, deadline);
    }
    const auto body = co_await (*answer)->NextMessage(kMaxErrorBytes);
    const std::string refusal(body ? *body : std::string_view());
    if (!IsSessionGone((*answer)->status(), refusal)) {
      const auto envelope = mcp::Scan(refusal);
      if (!call.is_request()) co_return Response::Accepted();
      co_return Response::Message(AnswerTo(call, passage, refusal, *envelope));
    }
    upstream_->Lost(key, *session);
  }
  co_return std::nullopt;
}

base::Task<Response> RemoteServer::PassOn(mcp::Call& call, const Outgoing& outgoing,
                                          mcp::Answer& answer, const Session& session,
                                          Deadline& deadline) {
  if (!call.is_request()) co_return Response::Accepted();
  // A resource that is not there has another error code in each era.
  const bool relay = outgoing.passage == Passage::kUntouched ||
                     (outgoing.passage == Passage::kToModern && call.method != "resources/read");
  if (!relay || !answer.ok() || answer.empty() || call.collect_result_up_to != 0) {
    co_return co_await Collect(call, outgoing, answer, session, deadline);
  }
  if (!answer.is_mcp()) {
    co_return Fail(call, base::Fail(Code::kDataLoss, "the server's answer is no JSON"), deadline);
  }
  const base::Result<void> relayed = co_await call.client.Relay(answer);
  if (relayed) co_return Response::Relayed();
  if (deadline.signal().requested() && session) TellCancelled(outgoing, call, session);
  co_return Fail(call, relayed.error(), deadline);
}

base::Task<Response> RemoteServer::Collect(mcp::Call& call, const Outgoing& outgoing,
                                           mcp::Answer& answer, const Session& session,
                                           Deadline& deadline) {
  const std::size_t max_bytes =
      call.collect_result_up_to != 0 ? call.collect_result_up_to : context_.limits.max_event_bytes;
  AsideSink sink(*this, call, session);
  const std::string_view raw_id =
      outgoing.raw_id.empty() ? call.id() : std::string_view(outgoing.raw_id);
  const auto received = co_await mcp::ReadResponse(answer, raw_id, max_bytes, &sink);
  if (!received) {
    if (deadline.signal().requested() && session) TellCancelled(outgoing, call, session);
    co_return Fail(call, received.error(), deadline);
  }
  co_return Response::Message(
      AnswerTo(call, outgoing.passage, received->bytes, received->envelope));
}

Response RemoteServer::Fail(mcp::Call& call, const base::Error& error, const Deadline& deadline) {
  if (!deadline.expired()) return UpstreamError(call, options_.name, error);
  const std::string sentence =
      "no answer within " + std::to_string(context_.limits.total.count()) + " ms";
  return UpstreamError(call, options_.name, base::Fail(Code::kDeadlineExceeded, sentence));
}

Response RemoteServer::Introduce(const mcp::Call& call, bool modern_server) const {
  return Response::Message(DiscoverMessage(call.id(), *upstream_->introduction(), modern_server));
}

void RemoteServer::TellCancelled(const Outgoing& outgoing, const mcp::Call& call,
                                 const Session& session) {
  std::string message =
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)";
  message += outgoing.raw_id.empty() ? call.id() : std::string_view(outgoing.raw_id);
  message += "}}";
  base::Spawn(PostAside(shared_from_this(), std::move(message), session));
}

base::Task<> RemoteServer::PostAside(std::shared_ptr<RemoteServer> self, std::string message,
                                     Session session) {
  const std::string_view pieces[] = {message};
  mcp::OutgoingMessage outgoing;
  outgoing.body = pieces;
  outgoing.revision = session->revision;
  outgoing.session = session->id;
  outgoing.first_byte = std::chrono::milliseconds(5'000);
  auto answer = co_await mcp::Post(self->context_.client, self->options_.url, outgoing);
  if (answer && !(*answer)->empty()) co_await (*answer)->NextMessage(kMaxErrorBytes);
}

void RemoteServer::EndIdleSessions() {
  std::vector<Session> idle = upstream_->TakeIdle(context_.limits.session_idle);
  if (!idle.empty()) base::Spawn(EndSessions(shared_from_this(), std::move(idle)));
  const auto again = [](void* self) { static_cast<RemoteServer*>(self)->EndIdleSessions(); };
  if (upstream_->sessions() > 0) {
    context_.loop.timers.Arm(idle_timer_, kIdleCheck, again, this);
  }
}

base::Task<> RemoteServer::EndSessions(std::shared_ptr<RemoteServer> self,
                                       std::vector<Session> sessions) {
  for (const Session& session : sessions) {
    if (session->id.empty()) continue;
    co_await mcp::legacy::CloseSession(self->context_.client, self->options_.url, session->id, {});
  }
}

}  // namespace gateway
