#include "gateway/backends/stdio_server.h"

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/server_listener.h"
#include "gateway/backends/stdio_call.h"
#include "gateway/backends/stdio_listen.h"
#include "gateway/backends/terms.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/error.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;
using std::chrono::milliseconds;

constexpr milliseconds kIdleCheck{30'000};
constexpr milliseconds kLongestPause{30'000};

// The first two failures cost no wait: most are a typing error being corrected.
milliseconds PauseAfter(int failures) {
  if (failures < 3) return milliseconds(0);
  return std::min(milliseconds(500) * (1 << std::min(failures - 3, 10)), kLongestPause);
}

// A modern program tells of its lists only who listens: so we do, as long as it runs. Empty: it is
// of an older revision, which tells by itself, or its lists never change.
std::string ListenToLists(std::uint64_t number, const Introduction& introduction) {
  if (!mcp::IsModern(introduction.revision)) return {};
  ListenFilter all;
  all.tools_list_changed = all.prompts_list_changed = all.resources_list_changed = true;
  const ListenFilter wanted = Granted(all, mcp::Member(introduction.result, "capabilities"));
  if (!wanted.tools_list_changed && !wanted.prompts_list_changed && !wanted.resources_list_changed)
    return {};
  return ListenRequest(std::to_string(number), wanted, mcp::Identity());
}

// What its client can be asked, in an order of its own; empty: nothing.
std::string Canonical(std::string_view raw_capabilities) {
  const auto tree = base::ParseJson(raw_capabilities);
  if (!tree || !tree->is_object() || tree->empty()) return {};
  return tree->dump();
}

}  // namespace

StdioServer::StdioServer(Options options, std::shared_ptr<Upstream> upstream, base::Loop& loop,
                         Guard& guard, const BackendLimits& limits, const base::Clock& clock)
    : options_(std::move(options)),
      upstream_(std::move(upstream)),
      loop_(loop),
      guard_(guard),
      limits_(limits),
      clock_(clock) {}

StdioServer::~StdioServer() { Close(); }

void StdioServer::Close() {
  closing_.Request();
  idle_timer_.Disarm();
  for (const auto& [_, place] : places_) {
    if (!place->running()) continue;
    const Child child = place->running()->child;
    child->OnEnd(nullptr);
    child->SetAudience(nullptr);
    place->Unseat();
    child->End("nobody needs it any more");
  }
}

base::Task<Response> StdioServer::Handle(mcp::Call& call) {
  if (!call.is_request()) {
    TakeNotification(call);
    co_return Response::Accepted();
  }
  const std::string key = KeyOf(call);
  const Place place = PlaceFor(key);
  ++place->users;
  Response response;
  if (call.method == mcp::kListenMethod) {
    response = co_await Listen(call, key, place);
  } else {
    Deadline deadline(loop_, call.cancel, TotalOf(call, limits_));
    BeginAttempt(call);
    base::Result<Running> running = co_await ProgramAt(key, place, call, deadline.signal());
    if (running) {
      response = co_await Call(call, place, *std::move(running), deadline);
    } else {
      response = CannotStart(call, running.error(), deadline);
    }
  }
  --place->users;
  Forget(key);
  co_return response;
}

base::Task<Response> StdioServer::Call(mcp::Call& call, Place place, Running running,
                                       Deadline& deadline) {
  const Child child = running.child;
  const bool modern = mcp::IsModern(running.introduction.revision);
  if (call.method == mcp::kDiscoverMethod && !(modern && mcp::IsModern(call.revision))) {
    co_return Response::Message(DiscoverMessage(call.id(), running.introduction.result, modern));
  }
  child->last_used = clock_.Now();
  InFlight here{call.session, call.id(), &deadline.signal()};
  in_flight_.push_back(&here);
  const std::string_view capabilities = mcp::Member(running.introduction.result, "capabilities");
  StdioCallOptions options{options_.name, running.introduction.revision, !options_.shared,
                           !modern && !mcp::Member(capabilities, "logging").empty()};
  Response response =
      co_await CallProgram(call, child, std::move(place), std::move(options), deadline, clock_);
  std::erase(in_flight_, &here);
  child->last_used = clock_.Now();
  co_return response;
}

// Programs that know how to be listened to are asked; for the others it is done here. No program
// is started only to hear that its lists change.
base::Task<Response> StdioServer::Listen(mcp::Call& call, std::string key, Place place) {
  const base::Result<ListenFilter> filter = ReadListenFilter(call.envelope.params.of(call.bytes));
  if (!filter) {
    mcp::CallError error;
    error.code = mcp::kInvalidParams;
    error.message = filter.error().message + ".";
    co_return Response::Message(mcp::ErrorMessage(call.id(), error, call.record.request_id));
  }
  const auto known = upstream_->revision();
  const auto introduction = upstream_->introduction();
  Introduction meeting;
  if (known && !mcp::IsModern(*known) && introduction && filter->resource_uris.empty()) {
    meeting = {*known, *introduction};
  } else {
    Deadline starting(loop_, call.cancel, limits_.total);
    base::Result<Running> running = co_await ProgramAt(key, place, call, starting.signal());
    if (!running) co_return CannotStart(call, running.error(), starting);
    if (mcp::IsModern(running->introduction.revision)) {
      Deadline endless(loop_, call.cancel, milliseconds(0));
      co_return co_await Call(call, place, *std::move(running), endless);
    }
    meeting = std::move(running->introduction);
  }
  std::string capabilities(mcp::Member(meeting.result, "capabilities"));
  co_return co_await ListenAtPlace(call, std::move(place), *filter, std::move(capabilities),
                                   options_.name, loop_);
}

Response StdioServer::CannotStart(mcp::Call& call, const base::Error& error,
                                  const Deadline& deadline) {
  if (error.code == Code::kResourceExhausted) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(may_start_ - clock_.Now());
    if (!call.record.attempts.empty() && wait.count() > 0) {
      call.record.attempts.back().failure = mcp::UpstreamFailure::kConnect;
      call.record.attempts.back().retry_after = wait;
    }
    return ServerBusy(call, options_.name, error.message, std::max<std::int64_t>(wait.count(), 1));
  }
  if (!deadline.expired()) return UpstreamError(call, options_.name, error);
  return UpstreamError(call, options_.name,
                       base::Fail(Code::kDeadlineExceeded, "the program did not start in time"));
}

std::string StdioServer::KeyOf(const mcp::Call& call) const {
  if (options_.shared) return {};
  // A modern program is told with each request what it may ask.
  const auto revision = upstream_->revision();
  if (revision && mcp::IsModern(*revision)) return call.principal.id;
  return call.principal.id + "\n" + Canonical(call.client_capabilities);
}

StdioServer::Place StdioServer::PlaceFor(const std::string& key) {
  Place& place = places_[key];
  if (!place) place = std::make_shared<StdioPlace>(loop_, options_.shared, on_list_changed_);
  return place;
}

void StdioServer::Forget(const std::string& key) {
  const auto found = places_.find(key);
  if (found == places_.end()) return;
  const StdioPlace& place = *found->second;
  if (!place.running() && !place.starting() && place.users == 0) places_.erase(found);
}

base::Task<base::Result<StdioServer::Running>> StdioServer::ProgramAt(std::string key, Place place,
                                                                      const mcp::Call& call,
                                                                      base::CancelSignal& cancel) {
  if (place->running()) co_return *place->running();
  if (!place->starting()) {
    if (clock_.Now() < may_start_) {
      co_return base::Fail(Code::kResourceExhausted,
                           "ended too often soon after its start; it is tried again later.");
    }
    if (!MakeRoom()) {
      co_return base::Fail(Code::kResourceExhausted,
                           "already runs " + std::to_string(limits_.max_stdio_children) +
                               " programs, and all are busy.");
    }
    mcp::Identity identity;
    if (!options_.shared && mcp::IsObject(call.client_capabilities)) {
      identity.capabilities = call.client_capabilities;
    }
    place->StartBegins();
    base::Spawn(Start(shared_from_this(), key, place, std::move(identity)));
  }
  co_return co_await place->AwaitStart(cancel);
}

base::Task<> StdioServer::Start(std::shared_ptr<StdioServer> self, std::string key, Place place,
                                mcp::Identity identity) {
  Deadline deadline(self->loop_, self->closing_, self->limits_.total);
  base::Result<Running> running =
      co_await self->StartProgram(place, std::move(identity), deadline.signal());
  if (!running) {
    place->StartIsOver(deadline.expired() ? base::Fail(Code::kDeadlineExceeded,
                                                       "the program did not start in time")
                                          : running.error());
  } else {
    if (self->closing_.requested()) running->child->End("nobody needs it any more");
    if (!running->child->ended()) self->Settle(key, place, *std::move(running));
    place->StartIsOver(std::nullopt);
  }
  self->Forget(key);
}

void StdioServer::Settle(const std::string& key, const Place& place, Running running) {
  const Child child = running.child;
  const std::string listen = ListenToLists(child->NextNumber(), running.introduction);
  place->Seat(std::move(running));
  // It is no call in flight, and keeps no program running. What comes is heard at the place.
  if (!listen.empty()) (void)child->Send(listen);
  child->OnEnd([this, key, place_pointer = std::weak_ptr<StdioPlace>(place)] {
    const Place ended = place_pointer.lock();
    if (!ended || !ended->running()) return;
    const Child old = ended->running()->child;
    ended->Unseat();
    Forget(key);
    spdlog::info("server '{}': {}", options_.name, old->ending());
  });
}

base::Task<base::Result<StdioServer::Running>> StdioServer::StartProgram(
    Place place, mcp::Identity identity, base::CancelSignal& cancel) {
  auto program = co_await guard_.Spawn(options_.program);
  if (!program) {
    NoteStart(false);
    co_return program.error().WithContext("start");
  }
  StdioChild::Limits limits;
  limits.max_message_bytes = limits_.max_stdio_message_bytes;
  const auto child =
      std::make_shared<StdioChild>(options_.name, loop_, *std::move(program), limits);
  child->SetAudience(place.get());
  child->Start();
  auto introduced = co_await Introduce(child, upstream_->revision(), std::move(identity), cancel);
  if (!introduced) {
    if (const auto revision = upstream_->revision()) upstream_->Forget(*revision);
    NoteStart(false);
    child->SetAudience(nullptr);
    child->End("it did not finish the handshake");
    // A sentence for the callers of an ended program; whoever started it wants its last words.
    base::Error failure = introduced.error();
    if (failure.code == Code::kAborted) failure = base::Fail(Code::kUnavailable, child->ending());
    co_return failure.WithContext("handshake");
  }
  NoteStart(true);
  upstream_->Know(introduced->revision, introduced->result);
  child->last_used = clock_.Now();
  const auto check = [](void* self) { static_cast<StdioServer*>(self)->EndIdle(); };
  loop_.timers.Arm(idle_timer_, std::min(kIdleCheck, limits_.stdio_idle), check, this);
  Running running{child, *std::move(introduced)};
  co_return running;
}

void StdioServer::TakeNotification(const mcp::Call& call) {
  if (call.method == mcp::kCancelledMethod) return TakeCancellation(call);
  // Progress on a program's question, changed roots: for whoever asked for them.
  if (options_.shared || call.method == "notifications/initialized") return;
  const auto found = places_.find(KeyOf(call));
  if (found == places_.end() || !found->second->running()) return;
  const Running& running = *found->second->running();
  if (mcp::IsModern(running.introduction.revision) != mcp::IsModern(call.revision)) return;
  (void)running.child->Send(call.bytes);
}

void StdioServer::TakeCancellation(const mcp::Call& call) {
  const std::string_view raw_id = mcp::Member(call.envelope.params.of(call.bytes), "requestId");
  if (raw_id.empty() || call.session.empty()) return;
  for (const InFlight* one : in_flight_) {
    if (one->caller == call.session && one->raw_id == raw_id) return one->cancel->Request();
  }
}

std::vector<StdioServer::Child> StdioServer::Idle() const {
  std::vector<Child> idle;
  for (const auto& [_, place] : places_) {
    if (place->running() && place->running()->child->in_flight() == 0) {
      idle.push_back(place->running()->child);
    }
  }
  return idle;
}

bool StdioServer::MakeRoom() {
  const auto runs = [](const auto& entry) {
    return entry.second->running() || entry.second->starting();
  };
  const auto count = std::count_if(places_.begin(), places_.end(), runs);
  if (static_cast<std::size_t>(count) < limits_.max_stdio_children) return true;
  const std::vector<Child> idle = Idle();
  if (idle.empty()) return false;
  const auto earlier = [](const Child& a, const Child& b) { return a->last_used < b->last_used; };
  const Child oldest = *std::min_element(idle.begin(), idle.end(), earlier);
  oldest->End("another principal needs its place");
  return true;
}

void StdioServer::EndIdle() {
  const base::TimePoint before = clock_.Now() - limits_.stdio_idle;
  for (const Child& child : Idle()) {
    if (child->last_used <= before) child->End("nobody used it for a while");
  }
  if (places_.empty()) return;
  const auto check = [](void* self) { static_cast<StdioServer*>(self)->EndIdle(); };
  loop_.timers.Arm(idle_timer_, std::min(kIdleCheck, limits_.stdio_idle), check, this);
}

void StdioServer::NoteStart(bool well) {
  failed_starts_ = well ? 0 : failed_starts_ + 1;
  may_start_ = clock_.Now() + PauseAfter(failed_starts_);
}

}  // namespace gateway
