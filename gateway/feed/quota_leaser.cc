#include "gateway/feed/quota_leaser.h"

#include "base/log.h"
#include "portolan/v1/fleet_service.pb.h"

namespace gateway {

namespace v1 = portolan::v1;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kMaxUses = 1'000;
constexpr milliseconds kLookEvery{250};
// Less than calls wait for it (state::Quotas::kLeaseWithin), so that they hear how it ended.
constexpr milliseconds kAnswerWithin{1'500};
constexpr milliseconds kStopWithin{2'000};

v1::LeaseQuotasRequest Request(const std::vector<state::Quotas::Use>& uses, std::int64_t run_ms,
                               std::int64_t sequence) {
  v1::LeaseQuotasRequest request;
  request.set_run_ms(run_ms);
  request.set_sequence(sequence);
  for (const state::Quotas::Use& use : uses) {
    v1::QuotaUse& told = *request.add_uses();
    told.set_set(use.set);
    told.set_rule(use.rule);
    told.set_key(use.key);
    told.set_subscription(use.subscription);
    told.set_window_start_ms(use.window_start_ms);
    told.set_calls(use.calls);
    told.set_bytes(use.bytes);
    told.set_running(use.running);
    told.set_release(use.release);
  }
  return request;
}

state::Quotas::Grant ToGrant(const v1::QuotaGrant& told) {
  state::Quotas::Grant grant;
  grant.unknown = told.unknown();
  grant.window_start_ms = told.window_start_ms();
  grant.window_end_ms = told.window_end_ms();
  grant.remaining = milliseconds(told.remaining_ms());
  grant.calls = told.calls();
  grant.bytes = told.bytes();
  grant.calls_left = told.calls_left();
  grant.bytes_left = told.bytes_left();
  return grant;
}

}  // namespace

QuotaLeaser::QuotaLeaser(state::Quotas& quotas, Ask ask)
    : quotas_(quotas), ask_(std::move(ask)), run_ms_(clock_.UnixMillis()) {}

void QuotaLeaser::Start() {
  thread_ = std::thread([this] { Run(); });
}

void QuotaLeaser::Stop() {
  if (stopping_.exchange(true)) return;
  quotas_.Stop();
  if (thread_.joinable()) thread_.join();
}

void QuotaLeaser::Run() {
  while (!stopping_) {
    const auto uses = quotas_.TakeUses(kMaxUses, kLookEvery);
    if (!uses.empty()) Send(uses, kAnswerWithin);
  }
  const auto give_up = steady_clock::now() + kStopWithin;
  while (true) {
    const auto uses = quotas_.TakeUses(kMaxUses, milliseconds(0));
    const auto left = std::chrono::duration_cast<milliseconds>(give_up - steady_clock::now());
    if (uses.empty() || left <= milliseconds(0)) return;
    Send(uses, left);
  }
}

void QuotaLeaser::Send(const std::vector<state::Quotas::Use>& uses, milliseconds within) {
  const base::TimePoint asked = clock_.Now();
  const v1::LeaseQuotasRequest request = Request(uses, run_ms_, ++sequence_);
  const base::Result<v1::LeaseQuotasResponse> response = ask_(request, within);
  const bool whole = response && response->grants_size() == static_cast<int>(uses.size());
  if (!whole) {
    const bool refused = response || response.error().code != base::Code::kUnavailable;
    if (refused && !std::exchange(complained_, true)) {
      spdlog::error("the registry leases no quotas: {}",
                    response ? "its answer does not fit the request" : response.error().message);
    }
    return quotas_.Failed(uses);
  }
  complained_ = false;
  for (std::size_t i = 0; i < uses.size(); ++i)
    quotas_.Granted(uses[i], ToGrant(response->grants(static_cast<int>(i))), asked);
}

}  // namespace gateway
