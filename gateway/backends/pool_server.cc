#include "gateway/backends/pool_server.h"

#include <algorithm>

#include "gateway/backends/deadline.h"
#include "gateway/backends/listing.h"
#include "gateway/backends/terms.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/requests.h"

namespace gateway {
namespace {

constexpr std::size_t kMaxCheckBytes = 1024 * 1024;

std::string_view FailedMember(const mcp::Record& record) {
  if (record.attempts.empty()) return {};
  const mcp::UpstreamAttempt& last = record.attempts.back();
  return last.failure == mcp::UpstreamFailure::kNone ? std::string_view() : last.member;
}

}  // namespace

// A member that is asked; the guard hears how it ended, however that is.
class PoolServer::Watched {
 public:
  Watched(const mcp::Call& call, const std::string& member, mcp::PlaceGuard* guard,
          mcp::PlaceGuard::Pass pass)
      : call_(call), member_(member), guard_(guard), pass_(pass) {}
  Watched(const Watched&) = delete;
  ~Watched() {
    if (!guard_) return;
    const mcp::Record& record = call_.record;
    const bool ended = complete_ && !call_.cancel.requested() &&
                       record.outcome != mcp::Outcome::kCancelled && !record.attempts.empty();
    guard_->Note(member_, pass_, ended ? &record.attempts.back() : nullptr);
  }
  void Complete() { complete_ = true; }

 private:
  const mcp::Call& call_;
  const std::string& member_;
  mcp::PlaceGuard* const guard_;
  const mcp::PlaceGuard::Pass pass_;
  bool complete_ = false;
};

std::shared_ptr<PoolServer> PoolServer::Make(std::string name, std::vector<Member> members,
                                             std::shared_ptr<PoolState> state,
                                             BackendContext& context) {
  std::shared_ptr<PoolServer> made(
      new PoolServer(std::move(name), std::move(members), std::move(state), context));
  const auto check = [](void* self) { static_cast<PoolServer*>(self)->CheckAll(); };
  context.loop.timers.Arm(made->timer_, made->state_->check_interval(), check, made.get());
  return made;
}

std::optional<mcp::Revision> PoolServer::revision() const {
  for (const Member& member : members_) {
    if (const auto revision = member.upstream->revision()) return revision;
  }
  return std::nullopt;
}

std::string PoolServer::OwnerOf(const mcp::Call& call) const {
  if (!call.session.empty()) return "session:" + std::string(call.session);
  if (!state_->by_principal()) return {};
  return call.principal.anonymous() ? "connection:" + std::to_string(call.connection_id)
                                    : "principal:" + call.principal.id;
}

const PoolServer::Member* PoolServer::Find(std::string_view name) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.name == name; });
  return found == members_.end() ? nullptr : &*found;
}

base::Task<mcp::Response> PoolServer::Handle(mcp::Call& call) {
  mcp::PlaceGuard* const guard = call.upstream ? call.upstream->guard : nullptr;
  const std::string owner = OwnerOf(call);
  const std::string failed(FailedMember(call.record));
  std::int64_t retry_after_s = 0;
  // Between a look and the call others may have taken the last place of one that is tried again.
  for (std::size_t round = 0; round < members_.size(); ++round) {
    const std::optional<std::string> chosen = state_->Choose({owner, failed, guard});
    const Member* const member = chosen ? Find(*chosen) : nullptr;
    if (!member) break;
    mcp::PlaceGuard::Pass pass;
    if (guard) pass = guard->Admit(member->name);
    if (pass.admitted) co_return co_await Ask(call, *member, guard, pass);
    retry_after_s = pass.retry_after_s;
  }
  co_return NoneIsWell(call, retry_after_s);
}

base::Task<mcp::Response> PoolServer::Ask(mcp::Call& call, const Member& member,
                                          mcp::PlaceGuard* guard, mcp::PlaceGuard::Pass pass) {
  Watched watched(call, member.name, guard, pass);
  mcp::Response response = co_await member.server->Handle(call);
  if (!call.record.attempts.empty()) call.record.attempts.back().member = member.name;
  watched.Complete();
  co_return response;
}

mcp::Response PoolServer::NoneIsWell(mcp::Call& call, std::int64_t retry_after_s) const {
  BeginAttempt(call);
  const auto soon = std::chrono::ceil<std::chrono::seconds>(state_->check_interval()).count();
  return ServerBusy(call, name_, "runs at several places, and none of them is well now.",
                    std::max<std::int64_t>(1, retry_after_s != 0 ? retry_after_s : soon));
}

// ---- Looking at members

void PoolServer::CheckAll() {
  const auto again = [](void* self) { static_cast<PoolServer*>(self)->CheckAll(); };
  context_.loop.timers.Arm(timer_, state_->check_interval(), again, this);
  for (const Member& member : members_) {
    if (state_->TakeCheck(member.name)) base::Spawn(Check(shared_from_this(), member));
  }
}

// On behalf of nobody; whatever is an answer shows that it is well.
base::Task<> PoolServer::Check(std::shared_ptr<PoolServer> self, const Member& member) {
  base::CancelSignal never;
  Deadline deadline(self->context_.loop, never, self->state_->check_timeout());
  const std::optional<mcp::Revision> revision = member.upstream->revision();
  const bool older = revision && !mcp::IsModern(*revision);
  const mcp::Revision spoken = older ? *revision : mcp::kLatest;
  const std::string_view method = older ? std::string_view("ping") : mcp::kDiscoverMethod;
  mcp::Record record;
  (void)co_await AskServer(*member.server, spoken, method, "{}", kMaxCheckBytes, deadline.signal(),
                           &record);
  // One that wants a credential of nobody, or refuses the method, is there.
  const bool failed =
      !record.attempts.empty() && record.attempts.back().failure != mcp::UpstreamFailure::kNone;
  self->state_->NoteCheck(member.name, !failed && !deadline.expired());
}

}  // namespace gateway
