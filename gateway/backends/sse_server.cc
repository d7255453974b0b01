#include "gateway/backends/sse_server.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "gateway/backends/forwarded_fields.h"
#include "gateway/backends/server_listener.h"
#include "gateway/backends/server_sessions.h"
#include "gateway/backends/terms.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/error.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;
using std::chrono::milliseconds;
using Event = PendingRequest::Event;

constexpr milliseconds kIdleCheck{60'000};
constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{30'000};

// The call as the server gets it, under `raw_number`, by which its progress is told too.
std::string MessageFor(const mcp::Call& call, Passage passage, std::string_view raw_number) {
  std::string storage;
  std::string_view bytes = call.bytes;
  mcp::Envelope envelope = call.envelope;
  if (!envelope.progress_token.empty()) {
    storage = Spliced(bytes, envelope.progress_token.of(bytes), raw_number);
    bytes = storage;
    envelope = *mcp::Scan(bytes);
  }
  if (passage == Passage::kToOlder)
    return mcp::legacy::ToLegacyRequest(bytes, envelope, raw_number);
  return mcp::legacy::WithId(bytes, envelope, raw_number);
}

}  // namespace

std::shared_ptr<SseServer> SseServer::Make(Options options, std::shared_ptr<Upstream> upstream,
                                           BackendContext& context) {
  std::shared_ptr<SseServer> made(new SseServer(std::move(options), std::move(upstream), context));
  const auto wake = [&loop = context.loop, weak = made->weak_from_this()] {
    loop.Post([weak] {
      if (const auto self = weak.lock()) self->EndThoseOver();
    });
  };
  made->upstream_->AddEnder(made.get(), wake);
  return made;
}

SseServer::SseServer(Options options, std::shared_ptr<Upstream> upstream, BackendContext& context)
    : options_(std::move(options)),
      upstream_(std::move(upstream)),
      context_(context),
      streams_(context) {}

SseServer::~SseServer() {
  upstream_->RemoveEnder(this);
  for (const auto& [_, kept] : kept_) kept.session->Close();
}

base::Task<Response> SseServer::Handle(mcp::Call& call) {
  const bool listening = call.method == mcp::kListenMethod;
  Deadline deadline(context_.loop, call.cancel,
                    listening ? milliseconds(0) : TotalOf(call, context_.limits));
  BeginAttempt(call);
  if (listening) co_return co_await Listen(call, deadline);
  const bool discovering = call.method == mcp::kDiscoverMethod;
  if (discovering && upstream_->revision()) {
    co_return Response::Message(DiscoverMessage(call.id(), *upstream_->introduction(), false));
  }
  // It names the call by the caller's id, which the server does not know; the endpoint cancels the
  // call itself.
  if (call.method == mcp::kCancelledMethod) co_return Response::Accepted();
  const Passage passage =
      discovering ? Passage::kUntouched : PassageOf(call, false, call.is_request());
  if (passage == Passage::kNone) co_return AnswerInstead(call, options_.name);
  const std::string key = KeyOf(call);
  // Twice, when the server has forgotten our session: it has not looked at the message then.
  for (int round = 0; round < 2; ++round) {
    const base::Result<Held> held = co_await SessionFor(key, call, deadline.signal());
    if (!held) co_return UpstreamError(call, options_.name, held.error(), deadline);
    if (discovering) {
      co_return Response::Message(DiscoverMessage(call.id(), held->session->introduction(), false));
    }
    std::optional<Response> response = co_await Ask(call, key, *held, passage, deadline);
    if (response) co_return *std::move(response);
    Drop(key, held->session);
  }
  co_return UpstreamError(call, options_.name,
                          base::Fail(Code::kUnavailable, "the server forgets its sessions"),
                          deadline);
}

// ---- One call

base::Task<std::optional<Response>> SseServer::Ask(mcp::Call& call, std::string key, Held held,
                                                   Passage passage, Deadline& deadline) {
  const std::shared_ptr<SseSession> session = held.session;
  if (!call.is_request()) {
    std::string bytes(call.bytes);
    const auto posted = co_await session->Post(std::move(bytes), deadline.signal(), call.upstream);
    if (!posted && posted.error().code == Code::kNotFound) co_return std::nullopt;
    co_return Response::Accepted();
  }
  if (call.session.empty()) {
    const std::string level(LogLevelToSet(call, upstream_->Recall(key).log_level));
    const bool logs =
        !mcp::Member(mcp::Member(session->introduction(), "capabilities"), "logging").empty();
    if (logs && !level.empty()) {
      const bool taken =
          co_await session->Say("logging/setLevel", "level", level, deadline.signal());
      if (taken) upstream_->NoteLogLevel(key, level);
    }
  }
  const auto begun = std::chrono::steady_clock::now();
  const std::uint64_t number = session->NextNumber();
  PendingRequest::Caller caller;
  caller.progress_token = call.envelope.progress_token.of(call.bytes);
  if (MayAsk()) caller.capabilities = call.client_capabilities;
  const std::unique_ptr<PendingRequest> request = session->Expect(number, std::move(caller));
  Questions questions(call.client,
                      [session](std::string answer) { session->PostAside(std::move(answer)); });
  std::string message = MessageFor(call, passage, std::to_string(number));
  call.record.attempts.back().nothing_sent = false;
  const auto posted = co_await session->Post(std::move(message), deadline.signal(), call.upstream);
  std::optional<base::Error> failure;
  if (!posted) {
    if (posted.error().code == Code::kNotFound) co_return std::nullopt;
    failure = posted.error();
  }
  std::string answer;
  while (!failure && answer.empty()) {
    base::Result<Event> event = co_await request->Next(deadline.signal());
    if (!event) {
      failure = event.error();
      break;
    }
    switch (event->kind) {
      case Event::Kind::kAnswer: answer = std::move(event->bytes); break;
      case Event::Kind::kQuestion: questions.Take(event->bytes, *mcp::Scan(event->bytes)); break;
      case Event::Kind::kWithdrawal:
        questions.TakeCancellation(event->bytes, *mcp::Scan(event->bytes));
        break;
      case Event::Kind::kEnd: break;
      case Event::Kind::kNotification: {
        if (call.session.empty() && !MayHear(call, event->bytes)) break;
        const base::Result<void> told = co_await call.client.Notify(event->bytes);
        if (!told) failure = told.error();
      }
    }
  }
  co_await questions.End();
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begun);
  call.record.server_time += took;
  call.record.attempts.back().duration = took;
  if (failure) {
    if (!request->finished()) {
      session->PostAside(mcp::CancelledNotification(std::to_string(number)));
    }
    co_return UpstreamError(call, options_.name, *failure, deadline);
  }
  if (call.collect_result_up_to != 0 && answer.size() > call.collect_result_up_to) {
    co_return UpstreamError(call, options_.name,
                            base::Fail(Code::kResourceExhausted, "the answer is too long"));
  }
  const mcp::Envelope envelope = *mcp::Scan(answer);
  if (envelope.kind == mcp::Envelope::Kind::kResult) NoteSaid(*upstream_, key, call);
  co_return Response::Message(AnswerTo(call, passage, answer, envelope));
}

// ---- Listening

base::Task<Response> SseServer::Listen(mcp::Call& call, Deadline& deadline) {
  const auto wanted = ReadListenFilter(call.envelope.params.of(call.bytes));
  if (!wanted) {
    mcp::CallError error;
    error.code = mcp::kInvalidParams;
    error.message = wanted.error().message;
    co_return Response::Message(mcp::ErrorMessage(call.id(), error, call.record.request_id));
  }
  ListenFilter filter = *wanted;
  const bool callers_own = !options_.shared_sessions && !call.session.empty();
  bool acknowledged = false;
  milliseconds pause = kFirstPause;
  while (!deadline.signal().requested()) {
    Held held;
    std::optional<base::Error> failure;
    // In the session of the caller's calls, unless many callers share it.
    if (!options_.shared_sessions) {
      base::Result<Held> found = co_await SessionFor(KeyOf(call), call, deadline.signal());
      if (found) held = *std::move(found);
      if (!found) failure = found.error();
    } else {
      base::Result<std::shared_ptr<SseSession>> opened = co_await Open(call, deadline.signal());
      if (opened) held.session = *std::move(opened);
      if (!opened) failure = opened.error();
    }
    if (failure && !acknowledged) {
      co_return UpstreamError(call, options_.name, *failure, deadline);
    }
    if (!failure) {
      PendingRequest::Caller caller;
      if (MayAsk()) caller.capabilities = call.client_capabilities;
      const std::unique_ptr<PendingRequest> mailbox = held.session->Listen(std::move(caller));
      if (!callers_own) {
        for (const std::string& uri : filter.resource_uris) {
          const std::string raw_uri = mcp::Quote(uri);
          (void)co_await held.session->Say("resources/subscribe", "uri", raw_uri,
                                           deadline.signal());
        }
      }
      base::Result<void> heard;
      if (!std::exchange(acknowledged, true)) {
        filter = Granted(filter, mcp::Member(held.session->introduction(), "capabilities"));
        const std::string message = ListenAcknowledged(call.id(), filter);
        heard = co_await call.client.Notify(message);
      }
      const auto begun = std::chrono::steady_clock::now();
      if (heard) {
        heard = co_await Hear(call, filter, callers_own, held.session, *mailbox, deadline.signal());
      }
      if (options_.shared_sessions) {
        held.session->Close();
      } else if (!callers_own && held.session->listeners() == 1) {
        for (const std::string& uri : filter.resource_uris) held.session->Unsubscribe(uri);
      }
      if (!heard && heard.error().code == Code::kCancelled) break;
      if (std::chrono::steady_clock::now() - begun > kLongestPause) pause = kFirstPause;
    }
    const bool waited = co_await context_.loop.timers.Sleep(pause, deadline.signal());
    if (!waited) break;
    pause = std::min(2 * pause, kLongestPause);
  }
  co_return UpstreamError(call, options_.name, base::Fail(Code::kCancelled, "cancelled"), deadline);
}

// Until the session ends (kUnavailable) or the caller goes (kCancelled).
base::Task<base::Result<void>> SseServer::Hear(mcp::Call& call, const ListenFilter& filter,
                                               bool callers_own,
                                               std::shared_ptr<SseSession> session,
                                               PendingRequest& mailbox,
                                               base::CancelSignal& cancel) {
  Questions questions(call.client,
                      [session](std::string answer) { session->PostAside(std::move(answer)); });
  std::optional<base::Error> ending;
  while (!ending) {
    base::Result<Event> event = co_await mailbox.Next(cancel);
    if (!event) {
      ending = event.error();
      break;
    }
    const mcp::Envelope envelope = *mcp::Scan(event->bytes);
    if (event->kind == Event::Kind::kQuestion) questions.Take(event->bytes, envelope);
    if (event->kind == Event::Kind::kWithdrawal) questions.TakeCancellation(event->bytes, envelope);
    if (event->kind != Event::Kind::kNotification) continue;
    if (!ListenerHears(call, filter, callers_own, event->bytes, envelope)) continue;
    const std::string tagged = TaggedForListener(event->bytes, envelope, call.id());
    const base::Result<void> told = co_await call.client.Notify(tagged);
    if (!told) ending = base::Fail(Code::kCancelled, "the caller is gone");
  }
  co_await questions.End();
  co_return *ending;
}

// ---- Sessions

std::string SseServer::KeyOf(const mcp::Call& call) const {
  return SessionKeyOf(call, options_.shared_sessions);
}

base::Task<base::Result<std::shared_ptr<SseSession>>> SseServer::Open(const mcp::Call& call,
                                                                      base::CancelSignal& cancel) {
  Deadline deadline(context_.loop, cancel, ServerSessions::kOpenWithin);
  const FieldList own = OwnFields(call.upstream.get());
  const mcp::HandshakeOptions options =
      HandshakeFor(call, options_.shared_sessions, own, deadline.signal());
  const mcp::legacy::SseClient::Options connection{streams_.Share(),
                                                   {std::shared_ptr<void>(), &context_.client},
                                                   context_.limits.max_event_bytes,
                                                   nullptr};
  base::http::Url url = options_.url;
  auto opened =
      co_await SseSession::Open(context_.loop, connection, std::move(url), options, call.upstream);
  if (opened) {
    upstream_->Know((*opened)->revision(), (*opened)->introduction());
    co_return *std::move(opened);
  }
  base::Error error = SendError(opened.error(), context_.limits);
  if (deadline.expired()) error.code = Code::kDeadlineExceeded;
  co_return error;
}

base::Task<base::Result<SseServer::Held>> SseServer::SessionFor(std::string key,
                                                                const mcp::Call& call,
                                                                base::CancelSignal& cancel) {
  for (;;) {
    const base::Result<Upstream::SessionPointer> mark =
        co_await upstream_->Acquire(context_.loop, key, cancel);
    if (!mark) co_return mark.error();
    if (!*mark) break;
    const auto found = kept_.find(key);
    if (found != kept_.end()) co_return Held{found->second.session, *mark};
    upstream_->Lost(key, *mark);
  }
  base::Result<std::shared_ptr<SseSession>> opened = co_await Open(call, cancel);
  if (!opened) {
    upstream_->Failed(key);
    co_return opened.error();
  }
  const std::shared_ptr<SseSession> session = *std::move(opened);
  Deadline deadline(context_.loop, cancel, ServerSessions::kOpenWithin);
  co_await SayAgain(key, session, deadline.signal());
  const auto mark =
      std::make_shared<const UpstreamSession>(UpstreamSession{key, session->revision()});
  kept_[key] = Kept{session, mark};
  session->OnEnd([weak = weak_from_this(), key, raw = session.get()] {
    const auto self = weak.lock();
    if (!self) return;
    const auto found = self->kept_.find(key);
    if (found != self->kept_.end() && found->second.session.get() == raw)
      self->Drop(key, found->second.session);
  });
  upstream_->Opened(key, mark);
  EndThoseOver();
  co_return Held{session, mark};
}

base::Task<> SseServer::SayAgain(std::string key, std::shared_ptr<SseSession> session,
                                 base::CancelSignal& cancel) {
  const Upstream::Memory memory = upstream_->Recall(key);
  if (!memory.log_level.empty())
    (void)co_await session->Say("logging/setLevel", "level", memory.log_level, cancel);
  for (const std::string& uri : memory.subscribed) {
    if (cancel.requested()) co_return;
    const std::string raw_uri = mcp::Quote(uri);
    (void)co_await session->Say("resources/subscribe", "uri", raw_uri, cancel);
  }
}

void SseServer::Drop(const std::string& key, const std::shared_ptr<SseSession>& session) {
  const auto found = kept_.find(key);
  if (found == kept_.end() || found->second.session != session) return;
  const Kept kept = std::move(found->second);
  kept_.erase(found);
  if (const auto mark = kept.mark.lock()) upstream_->Lost(key, mark);
  kept.session->Close();
}

void SseServer::EndThoseOver() {
  std::vector<Upstream::SessionPointer> over = upstream_->TakeEnded();
  std::ranges::move(upstream_->TakeIdle(context_.limits.session_idle), std::back_inserter(over));
  for (const Upstream::SessionPointer& mark : over) {
    const auto found = kept_.find(mark->id);
    if (found != kept_.end() && found->second.mark.lock() == mark)
      Drop(mark->id, found->second.session);
  }
  const auto again = [](void* self) { static_cast<SseServer*>(self)->EndThoseOver(); };
  if (!kept_.empty()) context_.loop.timers.Arm(idle_timer_, kIdleCheck, again, this);
}

}  // namespace gateway
