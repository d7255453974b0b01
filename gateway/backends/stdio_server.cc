#include "gateway/backends/stdio_server.h"

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/stdio_call.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using mcp::Response;
using std::chrono::milliseconds;

constexpr std::string_view kListen = "subscriptions/listen";
constexpr milliseconds kIdleCheck{30'000};
constexpr milliseconds kLongestPause{30'000};

// The first two failures cost no wait: most are a typing error being corrected.
milliseconds PauseAfter(int failures) {
  if (failures < 3) return milliseconds(0);
  return std::min(milliseconds(500) * (1 << std::min(failures - 3, 10)), kLongestPause);
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

StdioServer::~StdioServer() {
  for (const auto& [_, place] : places_) {
    if (!place.running) continue;
    place.running->child->OnEnd(nullptr);
    place.running->child->End("nobody needs it any more");
  }
}

base::Task<Response> StdioServer::Handle(mcp::Call& call) {
  if (!call.is_request()) {
    TakeNotification(call);
    co_return Response::Accepted();
  }
  const bool endless = call.method == kListen;
  Deadline deadline(loop_, call.cancel, endless ? milliseconds(0) : limits_.total);
  const base::Result<Running> running = co_await ProgramFor(call, deadline.signal());
  if (!running) co_return CannotStart(call, running.error(), deadline);
  const Child child = running->child;
  const Introduction& introduction = running->introduction;
  const bool modern = mcp::IsModern(introduction.revision);
  if (call.method == "server/discover" && !(modern && mcp::IsModern(call.revision))) {
    co_return Response::Message(DiscoverMessage(call.id(), introduction.result, modern));
  }
  child->last_used = clock_.Now();
  InFlight here{call.session, call.id(), &deadline.signal()};
  in_flight_.push_back(&here);
  StdioCallOptions options{options_.name, introduction.revision, !options_.shared};
  Response response = co_await CallProgram(call, child, std::move(options), deadline, clock_);
  std::erase(in_flight_, &here);
  child->last_used = clock_.Now();
  co_return response;
}

Response StdioServer::CannotStart(mcp::Call& call, const base::Error& error,
                                  const Deadline& deadline) {
  if (error.code == Code::kResourceExhausted) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(may_start_ - clock_.Now());
    return ServerBusy(call, options_.name, error.message, std::max<std::int64_t>(wait.count(), 1));
  }
  if (!deadline.expired()) return UpstreamError(call, options_.name, error);
  return UpstreamError(call, options_.name,
                       base::Fail(Code::kDeadlineExceeded, "the program did not start in time"));
}

std::string StdioServer::PlaceOf(const mcp::Call& call) const {
  if (options_.shared) return {};
  // A modern program is told with each request what it may ask.
  const auto revision = upstream_->revision();
  if (revision && mcp::IsModern(*revision)) return call.principal.id;
  return call.principal.id + "\n" + Canonical(call.client_capabilities);
}

base::Task<base::Result<StdioServer::Running>> StdioServer::ProgramFor(const mcp::Call& call,
                                                                       base::CancelSignal& cancel) {
  const std::string key = PlaceOf(call);
  for (;;) {
    const auto found = places_.find(key);
    if (found == places_.end()) break;
    if (found->second.running) co_return *found->second.running;
    if (cancel.requested()) co_return base::Fail(Code::kCancelled, "cancelled");
    co_await base::AwaitIo<>([&](auto handler) {
      found->second.waiters.push_back([&loop = loop_, handler] { loop.Post(handler); });
    });
  }
  if (clock_.Now() < may_start_) {
    co_return base::Fail(Code::kResourceExhausted,
                         "ended too often soon after its start; it is tried again later.");
  }
  if (!MakeRoom()) {
    co_return base::Fail(Code::kResourceExhausted, "already runs " +
                                                       std::to_string(limits_.max_stdio_children) +
                                                       " programs, and all are busy.");
  }
  places_.try_emplace(key);
  mcp::Identity identity;
  if (!options_.shared && mcp::IsObject(call.client_capabilities)) {
    identity.capabilities = call.client_capabilities;
  }
  base::Result<Running> running = co_await StartProgram(std::move(identity), cancel);
  const Place place = std::move(places_.extract(key).mapped());
  if (running && !running->child->ended()) Settle(key, *running);
  for (const auto& resume : place.waiters) resume();
  co_return running;
}

void StdioServer::Settle(const std::string& key, const Running& running) {
  places_[key].running = running;
  running.child->OnEnd([this, key] {
    const auto ended = places_.find(key);
    if (ended == places_.end()) return;
    const Child old = std::move(ended->second.running->child);
    places_.erase(ended);
    spdlog::info("server '{}': {}", options_.name, old->ending());
  });
}

base::Task<base::Result<StdioServer::Running>> StdioServer::StartProgram(
    mcp::Identity identity, base::CancelSignal& cancel) {
  auto program = co_await guard_.Spawn(options_.program);
  if (!program) {
    NoteStart(false);
    co_return program.error().WithContext("start");
  }
  StdioChild::Limits limits;
  limits.max_message_bytes = limits_.max_stdio_message_bytes;
  const auto child =
      std::make_shared<StdioChild>(options_.name, loop_, *std::move(program), limits);
  child->SetAudience(this);
  child->Start();
  auto introduced = co_await Introduce(child, upstream_->revision(), std::move(identity), cancel);
  if (!introduced) {
    if (const auto revision = upstream_->revision()) upstream_->Forget(*revision);
    if (introduced.error().code != Code::kCancelled) NoteStart(false);
    child->End("it did not finish the handshake");
    co_return introduced.error().WithContext("handshake");
  }
  NoteStart(true);
  upstream_->Know(introduced->revision, introduced->result);
  child->last_used = clock_.Now();
  const auto check = [](void* self) { static_cast<StdioServer*>(self)->EndIdle(); };
  loop_.timers.Arm(idle_timer_, std::min(kIdleCheck, limits_.stdio_idle), check, this);
  Running running{child, *std::move(introduced)};
  co_return running;
}

bool StdioServer::Notification(std::string_view method, std::string_view) {
  if (!method.ends_with("/list_changed") || !on_list_changed_) return false;
  on_list_changed_();
  return true;
}

void StdioServer::TakeNotification(const mcp::Call& call) {
  if (call.method == "notifications/cancelled") return TakeCancellation(call);
  // Progress on a program's question, changed roots: for whoever asked for them.
  if (options_.shared || call.method == "notifications/initialized") return;
  const auto found = places_.find(PlaceOf(call));
  if (found == places_.end() || !found->second.running) return;
  const Running& running = *found->second.running;
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

bool StdioServer::MakeRoom() {
  if (places_.size() < limits_.max_stdio_children) return true;
  Child oldest;
  for (const auto& [_, place] : places_) {
    if (!place.running || place.running->child->in_flight() > 0) continue;
    const Child& child = place.running->child;
    if (!oldest || child->last_used < oldest->last_used) oldest = child;
  }
  if (!oldest) return false;
  oldest->End("another principal needs its place");
  return true;
}

void StdioServer::EndIdle() {
  const base::TimePoint before = clock_.Now() - limits_.stdio_idle;
  std::vector<Child> idle;
  for (const auto& [_, place] : places_) {
    if (!place.running) continue;
    const Child& child = place.running->child;
    if (child->in_flight() == 0 && child->last_used <= before) idle.push_back(child);
  }
  for (const Child& child : idle) child->End("nobody used it for a while");
  if (places_.empty()) return;
  const auto check = [](void* self) { static_cast<StdioServer*>(self)->EndIdle(); };
  loop_.timers.Arm(idle_timer_, std::min(kIdleCheck, limits_.stdio_idle), check, this);
}

void StdioServer::NoteStart(bool well) {
  failed_starts_ = well ? 0 : failed_starts_ + 1;
  may_start_ = clock_.Now() + PauseAfter(failed_starts_);
}

}  // namespace gateway
