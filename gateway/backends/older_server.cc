#include "gateway/backends/older_server.h"

#include "gateway/backends/checked_answer.h"
#include "gateway/backends/forwarded_fields.h"
#include "gateway/backends/questions.h"
#include "gateway/backends/server_listener.h"
#include "gateway/backends/terms.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/error.h"
#include "mcp/legacy/resumed_answer.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;

constexpr std::size_t kMaxErrorBytes = 64 * 1024;

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

// What holds for the rest of a session when the server takes it.
bool IsRemembered(std::string_view method) {
  return method == "logging/setLevel" || method == "resources/subscribe" ||
         method == "resources/unsubscribe";
}

}  // namespace

OlderServer::OlderServer(std::string name, std::shared_ptr<ServerSessions> sessions,
                         std::shared_ptr<Upstream> upstream, StreamClient& streams,
                         BackendContext& context)
    : name_(std::move(name)),
      sessions_(std::move(sessions)),
      upstream_(std::move(upstream)),
      streams_(streams),
      context_(context) {}

base::Task<std::optional<Response>> OlderServer::Ask(mcp::Call& call, Deadline& deadline) {
  if (call.method == mcp::kDiscoverMethod) {
    co_return Response::Message(DiscoverMessage(call.id(), *upstream_->introduction(), false));
  }
  if (call.method == mcp::kListenMethod) {
    const auto introduction = upstream_->introduction();
    ServerListener listener(name_, sessions_, *introduction, streams_, context_, call, deadline);
    co_return co_await listener.Run();
  }
  // In a session that several callers share, their ids could be the same.
  const Passage passage = PassageOf(call, false, sessions_->IsShared(call));
  if (passage == Passage::kNone) co_return AnswerInstead(call, name_);
  const std::string key = sessions_->KeyOf(call);
  const Outgoing outgoing = MakeOutgoing(call, passage, *upstream_);
  // Twice, when the server has forgotten our session: it has not looked at the message then.
  for (int round = 0; round < 2; ++round) {
    const base::Result<Session> session = co_await sessions_->For(key, call, deadline.signal());
    if (!session) {
      if (session.error().code == Code::kFailedPrecondition) co_return std::nullopt;
      co_return UpstreamError(call, name_, session.error(), deadline);
    }
    if (call.session.empty() && !call.log_level.empty())
      co_await AgreeOnLogLevel(key, call, *session, deadline);
    if (call.is_request() && !sessions_->IsShared(call))
      co_await upstream_->opening_streams().Wait(context_.loop, key, deadline.signal());
    auto answer =
        co_await Send(context_.client, sessions_->url(), call, outgoing, session->get(), deadline);
    if (!answer) {
      if (deadline.signal().requested()) TellCancelled(outgoing, call, *session);
      co_return UpstreamError(call, name_, answer.error(), context_.limits, deadline);
    }
    if (!mcp::IsSessionLoss(**answer, (*session)->id)) {
      Response response = co_await PassOn(call, outgoing, *std::move(answer), *session, deadline);
      co_return response;
    }
    const auto body = co_await (*answer)->NextMessage(kMaxErrorBytes);
    const std::string refusal(body ? *body : std::string_view());
    if (!IsSessionGone((*answer)->status(), refusal)) {
      const auto envelope = mcp::Scan(refusal);
      if (!call.is_request()) co_return Response::Accepted();
      co_return Response::Message(AnswerTo(call, passage, refusal, *envelope));
    }
    sessions_->Lost(key, *session);
  }
  co_return std::nullopt;
}

base::Task<> OlderServer::AgreeOnLogLevel(std::string key, mcp::Call& call, Session session,
                                          Deadline& deadline) {
  const auto introduction = upstream_->introduction();
  const std::string_view offered = mcp::Member(*introduction, "capabilities");
  if (mcp::Member(offered, "logging").empty()) co_return;
  const std::string level(LogLevelToSet(call, upstream_->Recall(key).log_level));
  if (level.empty()) co_return;
  const bool taken =
      co_await sessions_->Say("logging/setLevel", "level", level, session, deadline.signal());
  if (taken) upstream_->NoteLogLevel(key, level);
}

base::Task<Response> OlderServer::PassOn(mcp::Call& call, const Outgoing& outgoing,
                                         std::unique_ptr<mcp::Answer> answer, Session session,
                                         Deadline& deadline) {
  if (!call.is_request()) co_return Response::Accepted();
  const bool whole = outgoing.passage != Passage::kUntouched || call.collect_result_up_to != 0 ||
                     IsRemembered(call.method);
  const bool is_stream = answer->form() == mcp::Source::Form::kEventStream;
  base::Error error;
  if (answer->ok() && !answer->empty() && is_stream) {
    base::Result<Response> response =
        co_await ReadStream(call, outgoing, std::move(answer), session, deadline);
    if (response) co_return *std::move(response);
    error = response.error();
  } else if (answer->ok() && !answer->empty() && !whole) {
    if (!answer->is_mcp()) {
      co_return UpstreamError(
          call, name_, base::Fail(Code::kDataLoss, "the server's answer is no JSON"), deadline);
    }
    CheckedAnswer checked(*answer, outgoing.id(call));
    const base::Result<void> relayed = co_await call.client.Relay(checked);
    if (relayed) co_return Response::Relayed();
    error = relayed.error();
  } else {
    const Received received =
        co_await mcp::ReadResponse(*answer, outgoing.id(call), MaxBytes(call));
    if (received) co_return Finish(call, outgoing, received->bytes, received->envelope);
    error = received.error();
  }
  if (deadline.signal().requested()) TellCancelled(outgoing, call, session);
  co_return UpstreamError(call, name_, error, deadline);
}

base::Task<base::Result<Response>> OlderServer::ReadStream(mcp::Call& call,
                                                           const Outgoing& outgoing,
                                                           std::unique_ptr<mcp::Answer> answer,
                                                           Session session, Deadline& deadline) {
  const FieldList own = OwnFields(call.upstream.get());
  mcp::legacy::ResumedAnswer::Peer peer{context_.loop, context_.client,   sessions_->url(),
                                        session->id,   session->revision, deadline.signal(),
                                        MaxBytes(call)};
  peer.fields = {own.data(), own.size()};
  if (call.upstream) peer.tls = call.upstream->tls;
  mcp::legacy::ResumedAnswer stream(peer, std::move(answer));
  Questions questions(call.client, [this, session, terms = call.upstream](std::string reply) {
    sessions_->PostAside(std::move(reply), session, terms);
  });
  const std::chrono::milliseconds idle = IdleOf(call, context_.limits);
  std::optional<base::Result<Response>> outcome;
  while (!outcome) {
    // A server that waits for the caller is quiet meanwhile.
    stream.AllowQuiet(questions.open() ? std::chrono::milliseconds(0) : idle);
    const base::Result<std::string_view> bytes = co_await stream.Next();
    if (!bytes) {
      outcome = bytes.error();
      break;
    }
    if (bytes->empty()) {
      outcome = base::Fail(Code::kUnavailable, "the server ended its stream without an answer");
      break;
    }
    const auto envelope = mcp::Scan(*bytes);
    if (!envelope) {
      outcome =
          base::Fail(Code::kDataLoss, "an event is not JSON-RPC: " + envelope.error().message);
      break;
    }
    switch (envelope->kind) {
      case mcp::Envelope::Kind::kRequest: questions.Take(*bytes, *envelope); break;
      case mcp::Envelope::Kind::kNotification: {
        if (questions.TakeCancellation(*bytes, *envelope)) break;
        // In a session of its own, a caller hears everything that the server says.
        if (sessions_->IsShared(call) && !MayHear(call, *bytes)) break;
        const base::Result<void> told = co_await call.client.Notify(*bytes);
        if (!told) outcome = told.error();
        break;
      }
      case mcp::Envelope::Kind::kResult:
      case mcp::Envelope::Kind::kError:
        if (mcp::IsAnswerTo(*bytes, *envelope, outgoing.id(call))) {
          outcome = Finish(call, outgoing, *bytes, *envelope);
        } else {
          outcome = base::Fail(Code::kDataLoss, "the server answered with another id");
        }
    }
  }
  co_await questions.End();
  co_return *std::move(outcome);
}

Response OlderServer::Finish(const mcp::Call& call, const Outgoing& outgoing,
                             std::string_view bytes, const mcp::Envelope& envelope) const {
  const bool is_result = envelope.kind == mcp::Envelope::Kind::kResult;
  if (is_result && IsRemembered(call.method)) sessions_->NoteSaid(sessions_->KeyOf(call), call);
  return Response::Message(AnswerTo(call, outgoing.passage, bytes, envelope));
}

void OlderServer::TellCancelled(const Outgoing& outgoing, const mcp::Call& call,
                                const Session& session) {
  if (!call.is_request()) return;
  sessions_->PostAside(mcp::CancelledNotification(outgoing.id(call)), session, call.upstream);
}

std::size_t OlderServer::MaxBytes(const mcp::Call& call) const {
  return call.collect_result_up_to != 0 ? call.collect_result_up_to
                                        : context_.limits.max_event_bytes;
}

}  // namespace gateway
