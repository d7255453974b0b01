#include "gateway/filters/breaker.h"

#include "gateway/filters/upstream_failure.h"
#include "mcp/attempts.h"
#include "mcp/error.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

using std::chrono::seconds;
using End = state::Breaker::End;

constexpr int kStatus = 503;

state::Breaker::Settings SettingsOf(const v1::Breaker& says) {
  state::Breaker::Settings settings;
  settings.failures = says.failures();
  settings.failure_percent = says.failure_percent();
  if (says.failures() == 0 && says.failure_percent() == 0) settings.failures = 5;
  if (says.window_s() != 0) settings.window = seconds(says.window_s());
  if (says.open_s() != 0) settings.open = seconds(says.open_s());
  if (says.half_open_calls() != 0) settings.half_open_calls = says.half_open_calls();
  if (says.min_calls() != 0) settings.min_calls = says.min_calls();
  return settings;
}

bool IsFailure(const v1::Breaker& says, mcp::UpstreamFailure failure) {
  if (!says.on().empty()) return IsAmong(failure, says.on());
  return failure != mcp::UpstreamFailure::kHttp429 && failure != mcp::UpstreamFailure::kHttp500;
}

std::uint32_t FailuresOf(const v1::Breaker& says) {
  std::uint32_t bits = 0;
  for (unsigned failure = 1; failure <= static_cast<unsigned>(mcp::UpstreamFailure::kHttp504);
       ++failure) {
    if (IsFailure(says, static_cast<mcp::UpstreamFailure>(failure))) bits |= 1u << failure;
  }
  return bits;
}

}  // namespace

// A call that was let through; tells the breaker how it ended, however that is.
class Breaker::Passage {
 public:
  Passage(const Compiled& rule, const v1::Breaker& says, const mcp::Call& call)
      : rule_(rule),
        says_(says),
        call_(call),
        attempts_(call.record.attempts.size()),
        pass_(rule.breaker->Admit(rule.settings)) {}
  Passage(const Passage&) = delete;
  ~Passage() {
    if (!pass_.admitted) return;
    const mcp::UpstreamAttempt* failed = FailedAttempt(call_.record);
    const seconds retry_after = failed ? failed->retry_after : seconds(0);
    rule_.breaker->Note(rule_.settings, pass_, How(failed), retry_after);
  }

  const state::Breaker::Pass& pass() const { return pass_; }
  // The call has ended; else it was given up.
  void Complete() { complete_ = true; }

 private:
  End How(const mcp::UpstreamAttempt* failed) const {
    if (!complete_ || call_.cancel.requested() || call_.record.outcome == mcp::Outcome::kCancelled)
      return End::kNeither;
    if (failed) return IsFailure(says_, failed->failure) ? End::kFailed : End::kSucceeded;
    // Answered without the server.
    const auto& attempts = call_.record.attempts;
    const bool asked = (attempts.size() != attempts_ || attempts_ == mcp::kMostAttempts) &&
                       !attempts.back().nothing_sent;
    return asked ? End::kSucceeded : End::kNeither;
  }

  const Compiled& rule_;
  const v1::Breaker& says_;
  const mcp::Call& call_;
  const std::size_t attempts_;
  const state::Breaker::Pass pass_;
  bool complete_ = false;
};

Breaker::Breaker(std::shared_ptr<const policy::UpstreamRules> rules,
                 std::shared_ptr<const GovernedServer> server, RefusalStyle style,
                 state::RuleState& state)
    : rules_(std::move(rules)), server_(std::move(server)), style_(style) {
  for (const policy::UpstreamRules::Rule& rule : rules_->rules()) {
    Compiled& compiled = compiled_.emplace_back();
    if (!rule.says().has_breaker()) continue;
    compiled.name = RuleName::Of(rule.source);
    compiled.settings = SettingsOf(rule.says().breaker());
    if (server_->pool) {
      compiled.places =
          &state.breakers.FindPool(rule.source.set, rule.source.rule.id(), server_->name);
      compiled.places->Set(compiled.settings, FailuresOf(rule.says().breaker()));
      continue;
    }
    compiled.breaker = state.breakers.Find(rule.source.set, rule.source.rule.id(), server_->name);
  }
}

base::Task<mcp::Response> Breaker::Apply(mcp::Call& call, mcp::Handler& next) const {
  policy::Facts facts = FactsOf(call, *server_);
  if (rules_->reads_hints()) AddHints(facts, *server_);
  const policy::UpstreamRules::Rule* rule = rules_->BreakerFor(facts);
  if (!rule) return next.Handle(call);
  if (state::PoolBreakers* const places =
          compiled_[static_cast<std::size_t>(rule - rules_->rules().data())].places) {
    // Which member is asked is not known yet: who chooses it asks its breaker.
    auto terms = std::make_shared<mcp::UpstreamTerms>();
    if (call.upstream) *terms = *call.upstream;
    terms->guard = places;
    call.upstream = std::move(terms);
    return next.Handle(call);
  }
  return Ask(call, next, *rule);
}

base::Task<mcp::Response> Breaker::Ask(mcp::Call& call, mcp::Handler& next,
                                       const policy::UpstreamRules::Rule& rule) const {
  const Compiled& compiled = compiled_[static_cast<std::size_t>(&rule - rules_->rules().data())];
  Passage passage(compiled, rule.says().breaker(), call);
  if (!passage.pass().admitted) co_return Refuse(call, compiled, passage.pass().retry_after_s);
  mcp::Response response = co_await next.Handle(call);
  passage.Complete();
  co_return response;
}

mcp::Response Breaker::Refuse(mcp::Call& call, const Compiled& rule,
                              std::int64_t retry_after_s) const {
  mcp::UpstreamAttempt& untried = mcp::BeginAttempt(call.record);
  untried.nothing_sent = true;
  untried.refused_by_breaker = true;
  mcp::CallError error;
  error.code = mcp::kUpstreamUnavailable;
  error.reason = "UpstreamUnavailable";
  error.message = "Server '" + server_->name +
                  "' has failed too often and is left alone for a while. Retry in " +
                  std::to_string(retry_after_s) + " s.";
  error.retry_after_s = retry_after_s;
  mcp::Response response = gateway::Refuse(call, std::move(error), kStatus, style_, &rule.name);
  response.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  call.record.outcome = mcp::Outcome::kUpstreamFailed;
  return response;
}

}  // namespace gateway
