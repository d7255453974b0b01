#include "gateway/routing/listening.h"

#include <algorithm>
#include <array>

#include "base/event.h"
#include "gateway/backends/held_listen.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/subscription.h"
#include "mcp/error.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;

// Listens of one principal on one worker that need a stream of their own at the server. What the
// others cost is bounded by the connections.
constexpr std::ptrdiff_t kMaxWithResources = 100;
// A server that takes longer to be listened to is heard later.
constexpr std::chrono::milliseconds kServerPatience{3'000};

// The kinds of lists that change, each with the lists behind it.
struct Kind {
  std::string_view notification;
  bool ListenFilter::*wanted;
  std::array<std::string_view, 2> lists;
};
constexpr std::array<Kind, 3> kKinds = {{
    {"notifications/tools/list_changed", &ListenFilter::tools_list_changed, {"tools/list", ""}},
    {"notifications/prompts/list_changed",
     &ListenFilter::prompts_list_changed,
     {"prompts/list", ""}},
    {"notifications/resources/list_changed",
     &ListenFilter::resources_list_changed,
     {"resources/list", "resources/templates/list"}},
}};

std::string_view ListOf(const Route& route, std::string_view method) {
  const DefinitionLists* lists = method.empty() ? nullptr : route.lists_for(method);
  return lists ? lists->ResultOf(method, true) : std::string_view();
}

// What of it can be heard: the lists that the server has, and resources if it lets them be
// subscribed to. What is not known yet is promised.
ListenFilter Granted(const Route& route, ListenFilter wanted) {
  for (const Kind& kind : kKinds) {
    const bool ours = route.lists_for(kind.lists[0]) != nullptr;
    if (ours && ListOf(route, kind.lists[0]).empty() && ListOf(route, kind.lists[1]).empty()) {
      wanted.*kind.wanted = false;
    }
  }
  const DefinitionLists* lists = route.lists_for(mcp::kDiscoverMethod);
  if (lists && !lists->subscribes()) wanted.resource_uris.clear();
  return wanted;
}

}  // namespace

// One open listen. Its coroutine sends; everybody else leaves word and sets `changed`.
class Listeners::Listener {
 public:
  Listener(Listeners& listeners, mcp::Call& call, std::shared_ptr<const Route> route)
      : changed_(listeners.loop_),
        listeners_(listeners),
        call_(call),
        route_(std::move(route)),
        backend_key_(route_->backend_key()) {
    listeners_.open_.insert(this);
  }
  ~Listener() { listeners_.open_.erase(this); }

  base::Task<Response> Run(ListenFilter wanted);

  const Route& route() const { return *route_; }
  const base::auth::Principal& principal() const { return call_.principal; }
  // A session has one listen, which the bound of sessions counts.
  bool counted() const { return call_.session.empty() && !filter_.resource_uris.empty(); }
  // The server's route by now; null: it is gone.
  void Follow(std::shared_ptr<const Route> route);
  void End() {
    ended_ = true;
    changed_.Set();
  }
  // The server is heard from now on, or cannot be.
  void Settle(bool hears_session) {
    settled_ = true;
    hears_session_ = hears_session && !call_.session.empty();
    changed_.Set();
  }

 private:
  class Ear;

  bool over() const { return ended_ || failed_ || call_.cancel.requested(); }
  // Whether its server may say something unasked, as older ones do in a session.
  bool MayBeHeard() const;
  // What must be heard from the server itself; nothing when nobody wants it.
  ListenFilter FromServer() const;
  // Hears the server, or does so no more.
  void Hearken();
  // Until the server is heard, or could not be.
  base::Task<> AwaitServer();
  base::Task<bool> Acknowledge();
  base::Task<bool> TellListChanges();
  base::Task<bool> TellMessage();
  static base::Task<> Hear(Listener& self, std::unique_ptr<HeldListen> held);
  void StartHearing();

  base::Event changed_;
  Listeners& listeners_;
  mcp::Call& call_;
  std::shared_ptr<const Route> route_;
  std::string backend_key_;
  ListenFilter filter_;
  std::array<bool, kKinds.size()> list_changed_{};
  bool ended_ = false;
  bool failed_ = false;

  // The server's side
  HeldListen* held_ = nullptr;
  std::unique_ptr<base::CancelSignal> deaf_;  // nothing more is wanted from the server
  bool settled_ = false;                      // whether it is heard is known
  bool hears_session_ = false;
  bool acknowledged_session_ = false;
  std::string message_;  // to be sent, when there is `sent_`
  std::function<void(base::Result<void>)> sent_;
};

// The caller as the server's listen sees it.
class Listeners::Listener::Ear final : public ListenClient {
 public:
  explicit Ear(Listener& listener) : listener_(listener) {}

  base::Task<base::Result<void>> Notify(std::string_view message) override {
    const std::string method = mcp::DecodeString(mcp::Member(message, "method"));
    if (method == "notifications/subscriptions/acknowledged") {
      listener_.Settle(HearsItsSession(message));
      co_return base::Result<void>();
    }
    if (!listener_.settled_) listener_.Settle(false);
    if (!Wanted(method, message)) co_return base::Result<void>();
    auto [result] = co_await base::AwaitIo<base::Result<void>>([&](auto handler) {
      listener_.message_ = message;
      listener_.sent_ = std::move(handler);
      listener_.changed_.Set();
    });
    co_return result;
  }

  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override {
    return listener_.call_.client.Ask(request, cancel);
  }

 private:
  bool Wanted(std::string_view method, std::string_view message) const {
    if (method.ends_with("/list_changed")) {
      return listener_.FromServer().WantsListChanged(method);
    }
    // What it subscribed to in a session is between it and the server.
    if (method == "notifications/resources/updated" && listener_.call_.session.empty()) {
      const std::string uri = mcp::DecodeString(mcp::Member(mcp::Member(message, "params"), "uri"));
      return listener_.filter_.WantsResource(uri);
    }
    // In a session its server may say anything at any time.
    if (listener_.call_.session.empty()) return false;
    const mcp::Call& call = listener_.call_;
    return method != "notifications/message" || call.log_level.empty() || MayHear(call, message);
  }

  Listener& listener_;
};

void Listeners::Listener::Follow(std::shared_ptr<const Route> route) {
  if (!route || route->retired()) return End();
  if (route == route_) return;
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    for (const std::string_view list : kKinds[i].lists) {
      if (ListOf(*route, list) != ListOf(*route_, list)) list_changed_[i] = true;
    }
  }
  route_ = std::move(route);
  if (route_->backend_key() != backend_key_) {
    backend_key_ = route_->backend_key();
    if (held_) held_->Restart();
  }
  changed_.Set();
}

bool Listeners::Listener::MayBeHeard() const {
  const DefinitionLists* lists = route_->inputs().definitions.get();
  return !call_.session.empty() && !(lists && lists->modern());
}

ListenFilter Listeners::Listener::FromServer() const {
  ListenFilter filter = filter_;
  for (const Kind& kind : kKinds) {
    if (route_->lists_for(kind.lists[0])) filter.*kind.wanted = false;
  }
  return filter;
}

base::Task<Response> Listeners::Listener::Run(ListenFilter wanted) {
  filter_ = Granted(*route_, std::move(wanted));
  const auto wake = [this] { changed_.Set(); };
  base::CancelSignal::Hook hook(call_.cancel, wake);
  Hearken();
  co_await AwaitServer();
  if (!over()) failed_ = !co_await Acknowledge();
  while (!over()) {
    Hearken();
    if (hears_session_ != acknowledged_session_) failed_ = !co_await Acknowledge();
    if (!failed_ && !co_await TellListChanges()) failed_ = true;
    if (!failed_ && !co_await TellMessage()) failed_ = true;
    if (!over()) co_await changed_.Wait();
  }
  // Whoever still speaks for the server refers to us.
  if (held_) deaf_->Request();
  while (held_) {
    if (const auto sent = std::exchange(sent_, nullptr)) {
      sent(base::Fail(Code::kCancelled, "nobody listens any more"));
    }
    if (held_) co_await changed_.Wait();
  }
  if (!ended_ || failed_ || call_.cancel.requested()) co_return Response::Gone();
  co_return Response::Message(ListenEnded(call_.id()));
}

void Listeners::Listener::Hearken() {
  const bool wanted_of_server = MayBeHeard() || !(FromServer() == ListenFilter());
  // Of a server that waits for approval nothing is asked, and it is not heard.
  if (held_ && !(wanted_of_server && route_->approved())) deaf_->Request();
  if (!held_ && wanted_of_server && route_->approved()) StartHearing();
}

base::Task<> Listeners::Listener::AwaitServer() {
  if (!held_) co_return;
  base::Timers::Timer patience;
  const auto expire = [](void* self) {
    auto* listener = static_cast<Listener*>(self);
    listener->Settle(listener->hears_session_);
  };
  listeners_.loop_.timers.Arm(patience, kServerPatience, expire, this);
  while (!settled_ && !over()) co_await changed_.Wait();
}

base::Task<bool> Listeners::Listener::Acknowledge() {
  std::string message = ListenAcknowledged(call_.id(), filter_);
  acknowledged_session_ = hears_session_;
  if (acknowledged_session_) message = HearingItsSession(message);
  const base::Result<void> told = co_await call_.client.Notify(message);
  co_return told.has_value();
}

base::Task<bool> Listeners::Listener::TellListChanges() {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (!std::exchange(list_changed_[i], false) || !(filter_.*kKinds[i].wanted)) continue;
    const std::string plain =
        R"({"jsonrpc":"2.0","method":")" + std::string(kKinds[i].notification) + "\"}";
    const auto envelope = mcp::Scan(plain);
    const std::string message = TaggedForListener(plain, *envelope, call_.id());
    const base::Result<void> sent = co_await call_.client.Notify(message);
    if (!sent) co_return false;
  }
  co_return true;
}

base::Task<bool> Listeners::Listener::TellMessage() {
  if (!sent_) co_return true;
  const std::string plain = std::exchange(message_, {});
  const auto envelope = mcp::Scan(plain);
  base::Result<void> sent;
  if (envelope) {
    const std::string message = TaggedForListener(plain, *envelope, call_.id());
    sent = co_await call_.client.Notify(message);
  }
  const bool well = sent.has_value();
  const auto told = std::exchange(sent_, nullptr);
  told(std::move(sent));
  co_return well;
}

void Listeners::Listener::StartHearing() {
  auto held = std::make_unique<HeldListen>(HeldListen::Options{
      .loop = listeners_.loop_,
      .caller = call_,
      .server = [this] { return listeners_.backend_of_(*route_); },
      .filter = [this] { return FromServer(); },
      .client = [this] { return std::make_unique<Ear>(*this); },
      .ended = [this] { Settle(false); },
  });
  held_ = held.get();
  deaf_ = std::make_unique<base::CancelSignal>();
  base::Spawn(Hear(*this, std::move(held)));
}

base::Task<> Listeners::Listener::Hear(Listener& self, std::unique_ptr<HeldListen> held) {
  co_await held->Run(*self.deaf_);
  self.held_ = nullptr;
  self.changed_.Set();
}

Listeners::Listeners(base::Loop& loop, BackendOf backend_of)
    : loop_(loop), backend_of_(std::move(backend_of)) {}

Listeners::~Listeners() = default;

base::Task<Response> Listeners::Listen(mcp::Call& call, std::shared_ptr<const Route> route) {
  base::Result<ListenFilter> wanted = ReadListenFilter(call.envelope.params.of(call.bytes));
  if (!wanted) {
    mcp::CallError error;
    error.code = mcp::kInvalidParams;
    error.message = "subscriptions/listen: " + wanted.error().message + ".";
    error.reason = "InvalidParams";
    co_return Response::Message(mcp::ErrorMessage(call.id(), error, call.record.request_id));
  }
  // Admission was by an older table, perhaps.
  if (!route || !route->IsSeenBy(call.principal) || ending_)
    co_return Response::Message(ListenEnded(call.id()));
  const auto same_caller = [&](const Listener* other) {
    return other->counted() && other->principal().id == call.principal.id;
  };
  if (call.session.empty() && !wanted->resource_uris.empty() &&
      std::count_if(open_.begin(), open_.end(), same_caller) >= kMaxWithResources) {
    mcp::CallError error;
    error.code = mcp::kTooManyRequests;
    error.message =
        "This caller listens to resources with as many subscriptions as it may have. Name more "
        "resources in one of them.";
    error.reason = "ListenLimitExceeded";
    error.kind = "concurrency";
    error.limit = kMaxWithResources;
    co_return Response::Message(mcp::ErrorMessage(call.id(), error, call.record.request_id));
  }
  Listener listener(*this, call, std::move(route));
  co_return co_await listener.Run(*std::move(wanted));
}

namespace {

// With the roles of now: those of the principal are from when it came.
base::auth::Principal AsOfNow(const base::auth::Principal& principal, const Callers& callers) {
  base::auth::Principal now = principal;
  now.roles = callers.RolesOf(principal);
  return now;
}

// Whether a subscription still lets it through, or none is needed.
bool IsEntitledNow(const std::string& server, const base::auth::Principal& principal,
                   const Callers& callers) {
  if (!callers.IsOffered(server)) return true;
  return callers.EntitlementOf(AsOfNow(principal, callers), server, /*now_unix_ms=*/0).permitted();
}

bool IsSeenNow(const Route& route, const base::auth::Principal& principal, const Callers& callers) {
  if (route.for_everybody()) return true;
  return route.IsSeenBy(AsOfNow(principal, callers));
}

}  // namespace

void Listeners::Follow(const RouteTable& table) {
  for (Listener* listener : open_) {
    const base::auth::Principal& principal = listener->principal();
    // Admission was long ago: who came in by a key or token that is revoked by now hears nothing more.
    if (!table.callers().Recheck(principal, /*now_unix_ms=*/0)) {
      listener->End();
      continue;
    }
    const std::string& server = listener->route().server_name();
    if (!IsEntitledNow(server, principal, table.callers())) {
      listener->End();
      continue;
    }
    std::shared_ptr<const Route> route = table.FindServer(server);
    // To whom may not see it any more, it is gone.
    if (route && !IsSeenNow(*route, principal, table.callers())) route = nullptr;
    listener->Follow(std::move(route));
  }
}

void Listeners::EndAll() {
  ending_ = true;
  for (Listener* listener : open_) listener->End();
}

}  // namespace gateway
