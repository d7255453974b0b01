#include "gateway/backends/server_sessions.h"

#include <chrono>

#include "base/log.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/shared_capabilities.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/legacy/session_client.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;

constexpr std::chrono::milliseconds kIdleCheck{60'000};
constexpr std::chrono::milliseconds kAsideFirstByte{5'000};
constexpr std::size_t kMaxAsideBytes = 64 * 1024;
// Longer ones are no capabilities that anybody has.
constexpr std::size_t kMaxCapabilityBytes = 16 * 1024;

std::string_view CapabilitiesOf(const mcp::Call& call) {
  const std::string_view raw = call.client_capabilities;
  return mcp::IsObject(raw) && raw.size() <= kMaxCapabilityBytes ? raw : "{}";
}

// A server may adapt to who calls it, and its log should say so.
std::string InfoOf(const mcp::Call& call) {
  constexpr std::size_t kMaxName = 200;
  const std::string name = mcp::DecodeString(mcp::Member(call.client_info, "name"));
  const std::string version = mcp::DecodeString(mcp::Member(call.client_info, "version"));
  if (name.empty() || name.size() > kMaxName || version.size() > kMaxName)
    return mcp::Identity().info;
  return "{\"name\":" + mcp::Quote(name + " (via portolan)") +
         ",\"version\":" + mcp::Quote(version) + "}";
}

std::string Request(std::string_view raw_id, std::string_view method, std::string_view member,
                    std::string_view raw_value) {
  std::string out = R"({"jsonrpc":"2.0","id":)" + std::string(raw_id) + R"(,"method":)";
  out += mcp::Quote(method) + ",\"params\":{" + mcp::Quote(member) + ":";
  out += raw_value;
  return out + "}}";
}

}  // namespace

// ---- Whose, and what is said

std::string SessionKeyOf(const mcp::Call& call, bool shared) {
  const std::string_view credential =
      call.upstream ? std::string_view(call.upstream->credential_key) : std::string_view();
  if (shared) return Upstream::WithCredential("shared", credential);
  if (!call.session.empty())
    return Upstream::WithCredential(Upstream::KeyOf(call.session), credential);
  // Servers ask only what the session was declared able to answer.
  const std::string owner = call.principal.anonymous()
                                ? "connection:" + std::to_string(call.connection_id)
                                : "principal:" + call.principal.id;
  return Upstream::WithCredential(
      Upstream::PooledKeyOf(owner, SharedCapabilities(call.client_capabilities)), credential);
}

mcp::HandshakeOptions HandshakeFor(const mcp::Call& call, bool shared, const FieldList& own,
                                   base::CancelSignal& cancel) {
  mcp::HandshakeOptions options;
  options.cancel = &cancel;
  options.fields = {own.data(), own.size()};
  if (const mcp::UpstreamTerms* const terms = call.upstream.get()) {
    options.connect = terms->connect;
    options.first_byte = terms->first_byte;
    options.tls = terms->tls;
  }
  // Whoever shares a session cannot be told apart by a server that asks.
  if (shared) return options;
  if (call.session.empty()) {
    const std::string capabilities = SharedCapabilities(call.client_capabilities);
    if (!capabilities.empty()) options.identity.capabilities = capabilities;
    return options;
  }
  options.identity.capabilities = CapabilitiesOf(call);
  options.identity.info = InfoOf(call);
  if (!mcp::IsModern(call.revision)) options.offer = call.revision;
  return options;
}

void NoteSaid(Upstream& upstream, const std::string& key, const mcp::Call& call) {
  if (call.method == "logging/setLevel") {
    const std::string_view level = mcp::Member(call.envelope.params.of(call.bytes), "level");
    if (mcp::IsString(level) && level.size() < 64) upstream.NoteLogLevel(key, std::string(level));
  } else if (call.method == "resources/subscribe") {
    upstream.NoteSubscribed(key, mcp::DecodeString(call.envelope.uri.of(call.bytes)));
  } else if (call.method == "resources/unsubscribe") {
    upstream.NoteUnsubscribed(key, mcp::DecodeString(call.envelope.uri.of(call.bytes)));
  }
}

// ---- The sessions

std::shared_ptr<ServerSessions> ServerSessions::Make(base::http::Url url, bool shared,
                                                     std::shared_ptr<Upstream> upstream,
                                                     BackendContext& context) {
  std::shared_ptr<ServerSessions> made(
      new ServerSessions(std::move(url), shared, std::move(upstream), context));
  // Sessions end on any thread.
  const auto wake = [&loop = context.loop, weak = made->weak_from_this()] {
    loop.Post([weak] {
      if (const auto self = weak.lock()) base::Spawn(EndAll(self, self->upstream_->TakeEnded()));
    });
  };
  made->upstream_->AddEnder(made.get(), wake);
  return made;
}

ServerSessions::ServerSessions(base::http::Url url, bool shared, std::shared_ptr<Upstream> upstream,
                               BackendContext& context)
    : url_(std::move(url)), shared_(shared), upstream_(std::move(upstream)), context_(context) {}

ServerSessions::~ServerSessions() { upstream_->RemoveEnder(this); }

void ServerSessions::Leave() {
  std::vector<Session> left = upstream_->RemoveEnder(this);
  // Where the loop has ended, the gateway has: what it left its servers may go on after a restart.
  if (!left.empty() && !context_.loop.io.stopped())
    base::Spawn(EndAll(shared_from_this(), std::move(left)));
}

// ---- Opening

base::Task<base::Result<ServerSessions::Session>> ServerSessions::Open(const mcp::Call& call,
                                                                       base::CancelSignal& cancel) {
  const FieldList own = OwnFields(call.upstream.get());
  const mcp::HandshakeOptions options = HandshakeFor(call, own, cancel);
  auto opened = co_await mcp::legacy::OpenSession(context_.client, url_, options);
  if (!opened) {
    // The caller tells this from a server that cannot be reached.
    const bool refused = opened.error().stage == "handshake";
    base::Error error = SendError(opened.error(), context_.limits);
    if (refused && error.code != Code::kCancelled) error.code = Code::kFailedPrecondition;
    co_return error;
  }
  UpstreamSession session{std::move(opened->session), opened->revision, call.upstream};
  co_return std::make_shared<const UpstreamSession>(std::move(session));
}

base::Task<base::Result<ServerSessions::Session>> ServerSessions::For(std::string key,
                                                                      const mcp::Call& call,
                                                                      base::CancelSignal& cancel) {
  if (Session found = upstream_->Find(key)) co_return found;
  const base::Result<Session> found = co_await upstream_->Acquire(context_.loop, key, cancel);
  if (!found || *found) co_return found;
  Deadline deadline(context_.loop, cancel, kOpenWithin);
  const base::Result<Session> opened = co_await Open(call, deadline.signal());
  if (!opened) {
    upstream_->Failed(key);
    base::Error error = opened.error();
    if (deadline.expired()) error.code = Code::kDeadlineExceeded;
    co_return error;
  }
  co_await SayAgain(key, *opened, deadline.signal());
  upstream_->Opened(key, *opened);
  EndIdle();
  co_return *opened;
}

base::Task<base::Result<ServerSessions::Session>> ServerSessions::OpenOwn(
    const mcp::Call& call, base::CancelSignal& cancel) {
  Deadline deadline(context_.loop, cancel, kOpenWithin);
  co_return co_await Open(call, deadline.signal());
}

base::Task<> ServerSessions::Keep(std::string key, UpstreamSession session,
                                  base::CancelSignal& cancel) {
  auto kept = std::make_shared<const UpstreamSession>(std::move(session));
  const base::Result<Session> existing = co_await upstream_->Acquire(context_.loop, key, cancel);
  if (!existing || *existing) co_return End(std::move(kept));
  upstream_->Opened(key, std::move(kept));
  EndIdle();
}

// ---- What must be said again

base::Task<> ServerSessions::SayAgain(std::string key, Session session,
                                      base::CancelSignal& cancel) {
  const Upstream::Memory memory = upstream_->Recall(key);
  if (!memory.log_level.empty())
    co_await Say("logging/setLevel", "level", memory.log_level, session, cancel);
  for (const std::string& uri : memory.subscribed) {
    if (cancel.requested()) co_return;
    const std::string raw = mcp::Quote(uri);
    co_await Say("resources/subscribe", "uri", raw, session, cancel);
  }
}

base::Task<bool> ServerSessions::Say(std::string_view method, std::string_view member,
                                     std::string_view raw_value, Session session,
                                     base::CancelSignal& cancel) {
  const std::string raw_id = "\"portolan-" + std::to_string(upstream_->NextId()) + "\"";
  const std::string request = Request(raw_id, method, member, raw_value);
  const std::string_view pieces[] = {request};
  mcp::OutgoingMessage outgoing;
  outgoing.body = pieces;
  outgoing.method = method;
  outgoing.revision = session->revision;
  outgoing.session = session->id;
  outgoing.cancel = &cancel;
  outgoing.first_byte = kAsideFirstByte;
  const FieldList own = OwnFields(session->terms.get());
  outgoing.fields = {own.data(), own.size()};
  if (session->terms) outgoing.tls = session->terms->tls;
  auto answer = co_await mcp::Post(context_.client, url_, outgoing);
  if (!answer) co_return false;
  const auto received = co_await mcp::ReadResponse(**answer, raw_id, kMaxAsideBytes);
  co_return received && received->envelope.kind == mcp::Envelope::Kind::kResult;
}

// ---- Beside everything else

void ServerSessions::PostAside(std::string message, Session session,
                               std::shared_ptr<const mcp::UpstreamTerms> terms) {
  Asides& asides = asides_[session.get()];
  if (asides.Add(message) == Asides::Verdict::kSend) {
    if (!terms) terms = session->terms;
    base::Spawn(Post(shared_from_this(), std::move(message), std::move(session), std::move(terms)));
  } else if (asides.TakeComplaint()) {
    spdlog::warn("{}:{} asks faster than it takes our answers: some of them are dropped", url_.host,
                 url_.port);
  }
}

base::Task<> ServerSessions::Post(std::shared_ptr<ServerSessions> self, std::string message,
                                  Session session,
                                  std::shared_ptr<const mcp::UpstreamTerms> terms) {
  std::optional<std::string> next = std::move(message);
  const FieldList own = OwnFields(terms.get());
  while (next) {
    const std::string_view pieces[] = {*next};
    mcp::OutgoingMessage outgoing;
    outgoing.body = pieces;
    outgoing.revision = session->revision;
    outgoing.session = session->id;
    outgoing.first_byte = kAsideFirstByte;
    outgoing.fields = {own.data(), own.size()};
    if (terms) outgoing.tls = terms->tls;
    {
      auto answer = co_await mcp::Post(self->context_.client, self->url_, outgoing);
      if (answer && !(*answer)->empty()) co_await (*answer)->NextMessage(kMaxAsideBytes);
    }
    next = self->asides_[session.get()].Sent();
  }
  const auto asides = self->asides_.find(session.get());
  if (asides->second.idle()) self->asides_.erase(asides);
}

void ServerSessions::End(Session session) {
  std::vector<Session> one;
  one.push_back(std::move(session));
  base::Spawn(EndAll(shared_from_this(), std::move(one)));
}

void ServerSessions::Unsubscribe(Session session, std::vector<std::string> uris, bool then_end) {
  base::Spawn(UnsubscribeAll(shared_from_this(), std::move(session), std::move(uris), then_end));
}

base::Task<> ServerSessions::UnsubscribeAll(std::shared_ptr<ServerSessions> self, Session session,
                                            std::vector<std::string> uris, bool then_end) {
  base::CancelSignal never;
  for (const std::string& uri : uris) {
    const std::string raw_uri = mcp::Quote(uri);
    const bool taken = co_await self->Say("resources/unsubscribe", "uri", raw_uri, session, never);
    if (!taken) break;
  }
  // Some servers know no DELETE: so it comes after.
  if (then_end) self->End(std::move(session));
}

void ServerSessions::EndIdle() {
  std::vector<Session> idle = upstream_->TakeIdle(context_.limits.session_idle);
  if (!idle.empty()) base::Spawn(EndAll(shared_from_this(), std::move(idle)));
  const auto again = [](void* self) { static_cast<ServerSessions*>(self)->EndIdle(); };
  if (upstream_->sessions() > 0) context_.loop.timers.Arm(idle_timer_, kIdleCheck, again, this);
}

base::Task<> ServerSessions::EndAll(std::shared_ptr<ServerSessions> self,
                                    std::vector<Session> sessions) {
  for (const Session& session : sessions) {
    if (session->id.empty()) continue;
    const FieldList own = OwnFields(session->terms.get());
    const std::span<const base::http::Field> fields(own.data(), own.size());
    std::shared_ptr<const base::http::TlsContext> tls;
    if (session->terms) tls = session->terms->tls;
    co_await mcp::legacy::CloseSession(self->context_.client, self->url_, session->id, fields,
                                       std::move(tls));
  }
}

}  // namespace gateway
