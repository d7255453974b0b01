#include "gateway/filters/retry.h"

#include <algorithm>
#include <random>

#include "base/loop.h"
#include "gateway/filters/hearing_client.h"
#include "gateway/filters/upstream_failure.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Callers that failed together should not come back together.
double Share() {
  thread_local std::minstd_rand random{std::random_device()()};
  return std::uniform_real_distribution<double>(-1, 1)(random);
}

bool IsToldToAskAgain(const v1::Retry& says, mcp::UpstreamFailure failure) {
  if (!says.on().empty()) return IsAmong(failure, says.on());
  return failure == mcp::UpstreamFailure::kConnect || failure == mcp::UpstreamFailure::kHttp502 ||
         failure == mcp::UpstreamFailure::kHttp503;
}

// What the attempt before has said of its end.
void ForgetFailure(mcp::Record& record) {
  record.outcome = mcp::Outcome::kUnknown;
  record.error_code = 0;
  record.reason = {};
  record.message.clear();
}

}  // namespace

bool IsHarmlessTwice(const mcp::Call& call, const policy::ToolHints& hints) {
  if (call.method == "tools/call") return hints.read_only || hints.idempotent;
  return call.method.ends_with("/list") || call.method == "resources/read" ||
         call.method == "prompts/get" || call.method == "completion/complete" ||
         call.method == "server/discover" || call.method == "ping" ||
         call.method == "logging/setLevel" || call.method == "tasks/get" ||
         call.method == "tasks/result" || call.method == "resources/subscribe" ||
         call.method == "resources/unsubscribe";
}

RetryPauses::RetryPauses(const v1::Retry& says)
    : pause_(says.has_backoff_ms() ? says.backoff_ms() : 200),
      longest_(says.has_max_backoff_ms() ? says.max_backoff_ms() : 2'000),
      at_once_(says.first_at_once()) {
  if (says.has_delta_ms()) delta_ = milliseconds(says.delta_ms());
}

milliseconds RetryPauses::Next(double share) {
  if (std::exchange(at_once_, false)) return milliseconds(0);
  const milliseconds pause = std::min(pause_, longest_);
  pause_ = std::min(delta_ ? pause_ + *delta_ : 2 * pause_, longest_);
  const auto varied =
      static_cast<std::int64_t>(static_cast<double>(pause.count()) * (1 + share / 5));
  return std::min(milliseconds(varied), longest_);
}

base::Task<mcp::Response> Retry::Apply(mcp::Call& call, mcp::Handler& next) const {
  if (!call.is_request() || !call.loop) return next.Handle(call);
  policy::Facts facts = FactsOf(call, *server_);
  AddHints(facts, *server_);
  const policy::UpstreamRules::Rule* rule = rules_->RetryFor(facts);
  if (!rule || rule->says().retry().attempts() == 0) return next.Handle(call);
  const v1::Retry& says = rule->says().retry();
  return Ask(call, next, says, says.force() || IsHarmlessTwice(call, facts.tool_hints));
}

base::Task<mcp::Response> Retry::Ask(mcp::Call& call, mcp::Handler& next, const v1::Retry& says,
                                     bool harmless) const {
  HearingClient hearing(call.client);
  mcp::Call heard = call.WithClient(hearing);
  auto terms = std::make_shared<mcp::UpstreamTerms>();
  if (call.upstream) *terms = *call.upstream;
  terms->begun = steady_clock::now();
  const auto over = terms->begun + terms->total;
  const bool ends = terms->total.count() > 0;
  heard.upstream = std::move(terms);
  RetryPauses pauses(says);
  for (int further = 0;; ++further) {
    mcp::Response response = co_await next.Handle(heard);
    const mcp::UpstreamAttempt* failed = FailedAttempt(call.record);
    if (further == says.attempts() || !failed || hearing.heard()) co_return response;
    if (!harmless && !failed->nothing_sent) co_return response;
    if (!IsToldToAskAgain(says, failed->failure)) co_return response;
    const milliseconds wanted = failed->retry_after;
    const milliseconds pause = std::max(pauses.Next(Share()), wanted);
    if (pause > pauses.longest()) co_return response;
    if (ends && steady_clock::now() + pause >= over) co_return response;
    if (pause.count() > 0) {
      const bool waited = co_await call.loop->timers.Sleep(pause, call.cancel);
      if (!waited) {
        call.record.outcome = mcp::Outcome::kCancelled;
        co_return mcp::Response::Gone();
      }
    }
    if (call.cancel.requested()) co_return response;
    ForgetFailure(call.record);
  }
}

}  // namespace gateway
