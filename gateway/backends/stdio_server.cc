#include "gateway/backends/stdio_server.h"

#include <algorithm>

#include "base/log.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/legacy/translate.h"
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

std::string WithProgressToken(const mcp::Call& call, std::string_view raw_token) {
  const mcp::Span& token = call.envelope.progress_token;
  std::string out(call.bytes.substr(0, token.begin));
  out += raw_token;
  out += call.bytes.substr(token.end);
  return out;
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
    if (!place.child) continue;
    place.child->OnEnd(nullptr);
    place.child->End("nobody needs it any more");
  }
}

base::Task<Response> StdioServer::Handle(mcp::Call& call) {
  if (!call.is_request()) {
    if (call.method == "notifications/cancelled") TakeCancellation(call);
    co_return Response::Accepted();
  }
  const bool endless = call.method == kListen;
  Deadline deadline(loop_, call.cancel, endless ? milliseconds(0) : limits_.total);
  const base::Result<Child> child = co_await ChildFor(PlaceOf(call), deadline.signal());
  if (!child) {
    if (child.error().code == Code::kResourceExhausted) {
      const auto wait = std::chrono::ceil<std::chrono::seconds>(may_start_ - clock_.Now());
      co_return ServerBusy(call, options_.name, child.error().message,
                           std::max<std::int64_t>(wait.count(), 1));
    }
    const bool late = deadline.expired();
    co_return UpstreamError(
        call, options_.name,
        late ? base::Fail(Code::kDeadlineExceeded, "the program did not start in time")
             : child.error());
  }
  co_return co_await Ask(call, *child, deadline);
}

std::string StdioServer::PlaceOf(const mcp::Call& call) const {
  return options_.shared ? std::string() : call.principal.id;
}

base::Task<base::Result<StdioServer::Child>> StdioServer::ChildFor(std::string key,
                                                                   base::CancelSignal& cancel) {
  for (;;) {
    const auto found = places_.find(key);
    if (found == places_.end()) break;
    if (found->second.child) co_return found->second.child;
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
  base::Result<Child> child = co_await StartChild(cancel);
  Place place = std::move(places_.extract(key).mapped());
  if (child && !(*child)->ended()) {
    places_[key].child = *child;
    (*child)->OnEnd([this, key] {
      const auto ended = places_.find(key);
      if (ended == places_.end()) return;
      const Child old = std::move(ended->second.child);
      places_.erase(ended);
      spdlog::info("server '{}': {}", options_.name, old->ending());
    });
  }
  for (const auto& resume : place.waiters) resume();
  co_return child;
}

base::Task<base::Result<StdioServer::Child>> StdioServer::StartChild(base::CancelSignal& cancel) {
  auto program = co_await guard_.Spawn(options_.program);
  if (!program) {
    NoteStart(false);
    co_return program.error().WithContext("start");
  }
  StdioChild::Limits limits;
  limits.max_message_bytes = limits_.max_stdio_message_bytes;
  const auto child =
      std::make_shared<StdioChild>(options_.name, loop_, *std::move(program), limits);
  child->Start();
  const base::Result<void> introduced = co_await child->Introduce(upstream_->revision(), cancel);
  if (!introduced) {
    if (const auto revision = upstream_->revision()) upstream_->Forget(*revision);
    if (introduced.error().code != Code::kCancelled) NoteStart(false);
    child->End("it did not finish the handshake");
    co_return introduced.error().WithContext("handshake");
  }
  NoteStart(true);
  upstream_->Know(child->revision(), child->introduction());
  if (on_list_changed_) child->OnListChanged(on_list_changed_);
  child->last_used = clock_.Now();
  const auto check = [](void* self) { static_cast<StdioServer*>(self)->EndIdle(); };
  loop_.timers.Arm(idle_timer_, std::min(kIdleCheck, limits_.stdio_idle), check, this);
  co_return child;
}

base::Task<Response> StdioServer::Ask(mcp::Call& call, Child child, Deadline& deadline) {
  const bool modern = mcp::IsModern(child->revision());
  child->last_used = clock_.Now();
  if (call.method == "server/discover" && !(modern && mcp::IsModern(call.revision))) {
    co_return Response::Message(DiscoverMessage(call.id(), child->introduction(), modern));
  }
  const Passage passage = PassageOf(call, modern, true);
  if (passage == Passage::kNone) co_return AnswerInstead(call, options_.name);

  const std::uint64_t number = child->NextNumber();
  const std::string raw_id = std::to_string(number);
  std::string storage;
  std::string_view bytes = call.bytes;
  mcp::Envelope envelope = call.envelope;
  const std::string token(call.envelope.progress_token.of(call.bytes));
  if (!token.empty()) {
    storage = WithProgressToken(call, raw_id);
    bytes = storage;
    envelope = *mcp::Scan(bytes);
  }
  std::string message;
  switch (passage) {
    case Passage::kToModern:
      message = mcp::legacy::ToModernRequest(bytes, envelope, IdentityOf(call), raw_id);
      break;
    case Passage::kToOlder:
      message = mcp::legacy::ToLegacyRequest(bytes, envelope, raw_id);
      break;
    default:
      message = mcp::legacy::WithId(bytes, envelope, raw_id);
  }

  const auto begun = clock_.Now();
  const auto request = child->Ask(number, message, token);
  if (!request) co_return UpstreamError(call, options_.name, request.error());
  const bool listening = call.method == kListen;
  if (listening) (*request)->Subscribe(std::string(call.id()));
  InFlight here{call.session, call.id(), &deadline.signal()};
  in_flight_.push_back(&here);
  base::Result<StdioChild::Request::Event> event = co_await (*request)->Next(deadline.signal());
  while (event && !event->is_answer) {
    if (listening || MayHear(call, event->bytes)) {
      const base::Result<void> sent = co_await call.client.Notify(event->bytes);
      if (!sent) {
        event = sent.error();
        break;
      }
    }
    event = co_await (*request)->Next(deadline.signal());
  }
  std::erase(in_flight_, &here);
  child->last_used = clock_.Now();
  call.record.server_time =
      std::chrono::duration_cast<std::chrono::microseconds>(clock_.Now() - begun);
  if (!event) {
    if (event.error().code == Code::kCancelled) (*request)->Cancel();
    if (!deadline.expired()) co_return UpstreamError(call, options_.name, event.error());
    co_return UpstreamError(call, options_.name,
                            base::Fail(Code::kDeadlineExceeded, "the call took too long"));
  }
  if (call.collect_result_up_to != 0 && event->bytes.size() > call.collect_result_up_to) {
    co_return UpstreamError(call, options_.name,
                            base::Fail(Code::kResourceExhausted, "the answer is too long"));
  }
  const mcp::Envelope answer = *mcp::Scan(event->bytes);
  co_return Response::Message(AnswerTo(call, passage, event->bytes, answer));
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
    if (!place.child || place.child->in_flight() > 0) continue;
    if (!oldest || place.child->last_used < oldest->last_used) oldest = place.child;
  }
  if (!oldest) return false;
  oldest->End("another principal needs its place");
  return true;
}

void StdioServer::EndIdle() {
  const base::TimePoint before = clock_.Now() - limits_.stdio_idle;
  std::vector<Child> idle;
  for (const auto& [_, place] : places_) {
    if (place.child && place.child->in_flight() == 0 && place.child->last_used <= before) {
      idle.push_back(place.child);
    }
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
