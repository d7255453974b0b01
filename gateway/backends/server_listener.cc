#include "gateway/backends/server_listener.h"

#include <algorithm>
#include <functional>

#include "gateway/backends/forwarded_fields.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/error.h"
#include "mcp/legacy/session_client.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;
using std::chrono::milliseconds;

// Some servers send the head of a stream with its first event: nobody waits longer for it than
// that.
constexpr milliseconds kOpenPatience{2'000};
constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{30'000};
// Until a server has seen that the stream before ours is closed: 2.5 s in all.
constexpr milliseconds kTakenPause{20};
constexpr int kMaxTaken = 7;
constexpr int kConflict = 409;

}  // namespace

namespace {

// Whose calls' session the listener may use; a caller's own is its own, however often it listens.
std::string KeyFor(ServerSessions& sessions, const mcp::Call& call) {
  if (sessions.shared()) return {};
  std::string key = sessions.KeyOf(call);
  const bool free = !call.session.empty() || sessions.upstream().TakeStream(key);
  return free ? key : std::string();
}

}  // namespace

ListenFilter Granted(ListenFilter wanted, std::string_view capabilities) {
  const auto tells = [capabilities](std::string_view list) {
    return mcp::Member(mcp::Member(capabilities, list), "listChanged") == "true";
  };
  wanted.tools_list_changed = wanted.tools_list_changed && tells("tools");
  wanted.prompts_list_changed = wanted.prompts_list_changed && tells("prompts");
  wanted.resources_list_changed = wanted.resources_list_changed && tells("resources");
  return wanted;
}

bool ListenerHears(const mcp::Call& call, const ListenFilter& filter, bool callers_own,
                   std::string_view message, const mcp::Envelope& envelope) {
  const std::string method = mcp::DecodeString(envelope.method.of(message));
  if (filter.WantsListChanged(method)) return true;
  if (callers_own) return !method.ends_with("/list_changed");
  if (method == "notifications/resources/updated")
    return filter.WantsResource(mcp::DecodeString(envelope.uri.of(message)));
  return method == "notifications/message" && MayHear(call, message);
}

struct ServerListener::Opening {
  std::string last_event_id;
  Session session;
  std::shared_ptr<const mcp::UpstreamTerms> terms;
  base::CancelSignal& cancel;
  std::optional<boost::system::result<std::unique_ptr<mcp::Answer>, base::http::SendFailure>>
      result;
  std::function<void()> wake;

  void Wake() {
    if (const auto waiting = std::exchange(wake, nullptr)) waiting();
  }
};

ServerListener::ServerListener(const std::string& name, std::shared_ptr<ServerSessions> sessions,
                               const std::string& introduction, StreamClient& streams,
                               BackendContext& context, mcp::Call& call, Deadline& deadline)
    : name_(name),
      sessions_(std::move(sessions)),
      streams_(streams),
      context_(context),
      call_(call),
      deadline_(deadline),
      callers_own_(!sessions_->IsShared(call)),
      key_(KeyFor(*sessions_, call)),
      offered_(mcp::Member(introduction, "capabilities")),
      pause_(kFirstPause) {
  if (callers_own_) holding_back_.emplace(sessions_->upstream().opening_streams(), key_);
}

base::Task<std::optional<Response>> ServerListener::Run() {
  const auto filter = ReadListenFilter(call_.envelope.params.of(call_.bytes));
  if (!filter) {
    EndSession();
    mcp::CallError error;
    error.code = mcp::kInvalidParams;
    error.message = filter.error().message;
    co_return Response::Message(mcp::ErrorMessage(call_.id(), error, call_.record.request_id));
  }
  filter_ = *filter;
  Ending ending = Ending::kBroken;
  while (!deadline_.signal().requested()) {
    if (!session_) {
      const base::Result<Session> opened = co_await OpenSession();
      if (!opened && !acknowledged_) {
        EndSession();
        if (opened.error().code == Code::kFailedPrecondition) co_return std::nullopt;
        co_return UpstreamError(call_, name_, opened.error(), deadline_);
      }
      if (!opened) {
        co_await Pause();
        continue;
      }
      session_ = *opened;
      last_event_id_.clear();
      subscribed_ = false;
      questions_.emplace(call_.client, [this, session = session_](std::string answer) {
        sessions_->PostAside(std::move(answer), session, call_.upstream);
      });
    }
    ending = co_await Follow();
    if (ending == Ending::kCallerGone || ending == Ending::kRefused) break;
    if (ending == Ending::kNotServed) {
      co_await StayQuiet();
      break;
    }
    if (ending == Ending::kTaken) {
      const milliseconds pause = kTakenPause * (1 << refusals_++);
      (void)co_await context_.loop.timers.Sleep(pause, deadline_.signal());
      continue;
    }
    if (ending == Ending::kSessionLost) {
      co_await questions_->End();
      questions_.reset();
      if (!key_.empty()) sessions_->Lost(key_, session_);
      session_.reset();
    }
    co_await Pause();
  }
  if (questions_) co_await questions_->End();
  EndSession();
  if (ending == Ending::kRefused) co_return UpstreamError(call_, name_, refusal_, deadline_);
  co_return UpstreamError(call_, name_, base::Fail(Code::kCancelled, "cancelled"), deadline_);
}

base::Task<base::Result<ServerListener::Session>> ServerListener::OpenSession() {
  if (key_.empty()) co_return co_await sessions_->OpenOwn(call_, deadline_.signal());
  co_return co_await sessions_->For(key_, call_, deadline_.signal());
}

// ---- One stream

base::Task<> ServerListener::Open(std::shared_ptr<Opening> opening, base::http::Client& client,
                                  const base::http::Url& url) {
  mcp::legacy::StreamRequest request;
  request.session = opening->session->id;
  request.revision = opening->session->revision;
  request.last_event_id = opening->last_event_id;
  request.cancel = &opening->cancel;
  const FieldList own = OwnFields(opening->terms.get());
  request.fields = {own.data(), own.size()};
  if (opening->terms) {
    request.connect = opening->terms->connect;
    request.tls = opening->terms->tls;
  }
  opening->result.emplace(co_await mcp::legacy::OpenStream(client, url, request));
  opening->Wake();
}

base::Task<> ServerListener::Await(Opening& opening, milliseconds limit) {
  if (opening.result) co_return;
  base::Timers::Timer timer;
  const auto expire = [](void* self) { static_cast<Opening*>(self)->Wake(); };
  if (limit.count() > 0) context_.loop.timers.Arm(timer, limit, expire, &opening);
  co_await base::AwaitIo<>([&](auto handler) {
    opening.wake = [&loop = context_.loop, handler] { loop.Post(handler); };
  });
}

base::Task<ServerListener::Ending> ServerListener::Follow() {
  const auto opening = std::shared_ptr<Opening>(
      new Opening{last_event_id_, session_, call_.upstream, deadline_.signal(), {}, {}});
  base::Spawn(Open(opening, streams_.Get(), sessions_->url()));
  co_await Await(*opening, kOpenPatience);
  // Who was promised nothing yet is told; later the stream is opened again and again.
  if (!acknowledged_ && opening->result && !*opening->result) {
    refusal_ = opening->result->error().error.WithContext("GET");
    co_return Ending::kRefused;
  }
  const bool taken =
      opening->result && *opening->result && (**opening->result)->status() == kConflict;
  if (taken && !acknowledged_ && refusals_ < kMaxTaken) co_return Ending::kTaken;
  if (holding_back_) {
    sessions_->upstream().opening_streams().NoteHead(opening->result.has_value());
    holding_back_.reset();
  }
  if (!subscribed_ && !callers_own_) co_await Subscribe();
  if (!acknowledged_) {
    const bool told = co_await Acknowledge();
    if (!told) deadline_.signal().Request();
  }
  while (!opening->result) co_await Await(*opening, milliseconds(0));
  if (deadline_.signal().requested()) co_return Ending::kCallerGone;
  if (!*opening->result) co_return Ending::kBroken;
  mcp::Answer& answer = ***opening->result;
  const int status = answer.status();
  if (answer.ok() && answer.form() == mcp::Source::Form::kEventStream) {
    losses_ = 0;
    co_return co_await Read(answer);
  }
  if (status == 401 || status == 403) {
    refusal_ = base::Fail(Code::kUnavailable, "the server refused its event stream (HTTP " +
                                                  std::to_string(status) + ")");
    co_return Ending::kRefused;
  }
  // One that says so of a session that it has just given us means something else.
  if (mcp::IsSessionLoss(answer, session_->id) && ++losses_ < 2) co_return Ending::kSessionLost;
  if (status == kConflict) co_return Ending::kBroken;
  // Whoever does not serve it says 405, and some say 404 or 501, or whatever they say to any GET.
  co_return status < 500 || status == 501 ? Ending::kNotServed : Ending::kBroken;
}

base::Task<ServerListener::Ending> ServerListener::Read(mcp::Answer& answer) {
  for (;;) {
    const auto message = co_await answer.NextMessage(context_.limits.max_event_bytes);
    last_event_id_ = answer.last_event_id().empty() ? last_event_id_ : answer.last_event_id();
    if (answer.retry()) retry_ = answer.retry();
    if (deadline_.signal().requested()) co_return Ending::kCallerGone;
    if (!message || message->empty()) co_return Ending::kBroken;
    pause_ = kFirstPause;
    const base::Result<void> taken = co_await Take(*message);
    if (!taken) co_return Ending::kCallerGone;
  }
}

base::Task<base::Result<void>> ServerListener::Take(std::string_view message) {
  const auto envelope = mcp::Scan(message);
  // What is no message, or an answer to nothing, harms nobody.
  if (!envelope) co_return base::Result<void>();
  if (envelope->kind == mcp::Envelope::Kind::kRequest) questions_->Take(message, *envelope);
  if (envelope->kind != mcp::Envelope::Kind::kNotification) co_return base::Result<void>();
  if (questions_->TakeCancellation(message, *envelope)) co_return base::Result<void>();
  if (!ListenerHears(call_, filter_, callers_own_, message, *envelope))
    co_return base::Result<void>();
  const std::string tagged = TaggedForListener(message, *envelope, call_.id());
  co_return co_await call_.client.Notify(tagged);
}

// ---- Before the first message

base::Task<> ServerListener::Subscribe() {
  if (!call_.log_level.empty() && !mcp::Member(offered_, "logging").empty()) {
    co_await sessions_->Say("logging/setLevel", "level", call_.log_level, session_,
                            deadline_.signal());
  }
  subscribed_ = true;
  std::vector<std::string> taken;
  for (const std::string& uri : filter_.resource_uris) {
    if (deadline_.signal().requested()) break;
    const std::string raw_uri = mcp::Quote(uri);
    const bool ok = co_await sessions_->Say("resources/subscribe", "uri", raw_uri, session_,
                                            deadline_.signal());
    if (ok) taken.push_back(uri);
  }
  // What was promised once stays promised: the server may take it the next time.
  if (!acknowledged_) filter_.resource_uris = std::move(taken);
}

base::Task<bool> ServerListener::Acknowledge() {
  filter_ = Granted(std::move(filter_), offered_);
  acknowledged_ = true;
  std::string message = ListenAcknowledged(call_.id(), filter_);
  if (callers_own_) message = HearingItsSession(message);
  const base::Result<void> told = co_await call_.client.Notify(message);
  co_return told.has_value();
}

// ---- Between streams, and after the last

base::Task<bool> ServerListener::Pause() {
  const milliseconds least = retry_.value_or(milliseconds(0));
  const milliseconds pause = std::min(std::max(least, pause_), kLongestPause);
  pause_ = std::min(2 * pause_, kLongestPause);
  const bool waited = co_await context_.loop.timers.Sleep(pause, deadline_.signal());
  co_return waited;
}

base::Task<> ServerListener::StayQuiet() {
  // GCC 12: a loop whose condition awaits runs into nowhere when it ends.
  bool waited = true;
  while (waited) {
    waited = co_await context_.loop.timers.Sleep(kLongestPause, deadline_.signal());
  }
}

void ServerListener::EndSession() {
  if (callers_own_) return;
  if (!key_.empty()) sessions_->upstream().GiveStreamBack(key_);
  if (session_) sessions_->Unsubscribe(session_, filter_.resource_uris, key_.empty());
}

}  // namespace gateway
