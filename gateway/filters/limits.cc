#include "gateway/filters/limits.h"

#include <boost/container/small_vector.hpp>
#include <chrono>

#include "gateway/filters/counting_client.h"
#include "gateway/filters/limit_answers.h"
#include "policy/overriding.h"

namespace gateway {

namespace {

// However often the registry answers, a call waits no longer for its turn at a quota.
constexpr std::chrono::seconds kWaitAtMost{10};

// Those that limits never fall on. The stream that older clients open by themselves is a part of
// their session.
bool IsExempt(const mcp::Call& call) {
  return IsLifecycle(call) || (!call.session.empty() && call.method == "subscriptions/listen");
}

// It was answered from what is known here, or nothing reached the server.
bool AskedNobody(const mcp::Record& record) { return record.server_time.count() == 0; }

mcp::Response Gone(mcp::Call& call) {
  call.record.outcome = mcp::Outcome::kCancelled;
  return mcp::Response::Gone();
}

}  // namespace

// Of the limits that an admitted call fell under, the one with the smallest share left.
class Limits::Least {
 public:
  void Consider(const LimitState& state) {
    if (!state_ || state.share() < state_->share()) state_ = state;
  }
  void Tell(mcp::Call& call) const {
    if (state_) TellLimit(call, *state_);
  }

 private:
  std::optional<LimitState> state_;
};

// The rate limits that apply to a call, and what each charges. Nothing is awaited while it lives.
class Limits::RateCharges {
 public:
  RateCharges(const LimitRules& rules, const policy::Facts& facts) {
    for (const LimitRules::Rate& rule : rules.rates) {
      if (rule.Applies(facts)) chosen_.push_back({&rule, 0, 0});
    }
    if (chosen_.empty()) return;
    policy::DropOverridden(chosen_, [](const Chosen& one) {
      return policy::Standing{one.rule->scope, one.rule->observe, one.rule->overridable};
    });
    // One for the thread is enough.
    thread_local std::string keys;
    keys.clear();
    for (Chosen& one : chosen_) {
      one.key_begin = keys.size();
      one.rule->key.Evaluate(facts, keys);
    }
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const LimitRules::Rate& rule = *chosen_[i].rule;
      const std::size_t begin = chosen_[i].key_begin;
      const std::size_t end = i + 1 < chosen_.size() ? chosen_[i + 1].key_begin : keys.size();
      charges_.push_back({rule.counter.get(), std::string_view(keys).substr(begin, end - begin),
                          rule.calls, std::chrono::seconds(rule.per_s), rule.weight, rule.observe,
                          rule.fields.empty() ? nullptr : &chosen_[i].left});
    }
  }
  RateCharges(const RateCharges&) = delete;

  bool Take(state::Limits& limits) {
    if (charges_.empty()) return true;
    verdict_ = limits.Reserve({charges_.data(), charges_.size()});
    return verdict_.admitted();
  }

  // REQUIRES: Take said no.
  mcp::Response Refuse(mcp::Call& call, const RefusalStyle& style) const {
    TellOwnFields(call);
    return RefuseByRate(call, *chosen_[verdict_.refused_by].rule, verdict_, style);
  }
  // REQUIRES: Take said yes.
  void Note(mcp::Call& call, Least& least) const {
    if (charges_.empty()) return;
    TellOwnFields(call);
    if (verdict_.observed != state::Limits::kNone)
      Observe(call, kRateReason, chosen_[verdict_.observed].rule->name);
    if (verdict_.least != state::Limits::kNone) {
      least.Consider(LimitState::Of(*chosen_[verdict_.least].rule, verdict_.remaining,
                                    verdict_.retry_after_s));
    }
  }

 private:
  struct Chosen {
    const LimitRules::Rate* rule;
    std::size_t key_begin;
    std::int64_t left;
  };
  void TellOwnFields(mcp::Call& call) const {
    for (const Chosen& one : chosen_) TellFields(call, one.rule->fields, one.left, one.rule->calls);
  }
  boost::container::small_vector<Chosen, 4> chosen_;
  boost::container::small_vector<state::Limits::Charge, 4> charges_;
  state::Limits::Verdict verdict_;
};

// The quotas that apply to a call, with their keys, which outlive waits.
class Limits::QuotaCharges {
 public:
  QuotaCharges(const LimitRules& rules, const policy::Facts& facts) {
    keys_.reserve(rules.quotas.size());
    left_.reserve(rules.quotas.size());
    for (const LimitRules::Quota& rule : rules.quotas) {
      if (!rule.select.Matches(facts) || facts.now_unix_ms < rule.begins_at_ms) continue;
      std::string& key = keys_.emplace_back();
      rule.key.Evaluate(facts, key);
      const std::string_view subscription =
          rule.by_subscription ? facts.subscription_id : std::string_view();
      if (!subscription.empty()) key.append("\n").append(subscription);
      rules_.push_back(&rule);
      charges_.push_back({rule.counter.get(), key, rule.calls, rule.bytes, rule.allow_unreachable,
                          rule.observe, &left_.emplace_back(kUnknown), subscription});
    }
  }
  void TellOwnFields(mcp::Call& call) const {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const LimitRules::Quota& rule = *rules_[i];
      if (left_[i] == kUnknown) continue;
      TellFields(call, rule.fields, left_[i], rule.calls != 0 ? rule.calls : rule.bytes);
    }
  }
  QuotaCharges(const QuotaCharges&) = delete;

  bool empty() const { return charges_.empty(); }
  std::span<const state::Quotas::Charge> all() const { return charges_; }
  const LimitRules::Quota& rule(std::size_t index) const { return *rules_[index]; }

 private:
  static constexpr std::int64_t kUnknown = -1;

  std::vector<std::string> keys_;
  std::vector<std::int64_t> left_;
  std::vector<const LimitRules::Quota*> rules_;
  std::vector<state::Quotas::Charge> charges_;
};

// Settles what a call took of quotas, however it ends.
class Limits::Settlement {
 public:
  Settlement(state::Quotas& quotas, const mcp::Call& call) : quotas_(quotas), call_(call) {}
  Settlement(const Settlement&) = delete;
  ~Settlement() {
    const bool spent = !AskedNobody(call_.record);
    for (const auto& one : taken) quotas_.Settle(one, spent, bytes);
  }

  bool counts_bytes() const {
    for (const auto& one : taken) {
      if (one.of_bytes) return true;
    }
    return false;
  }

  Reservations taken;
  std::int64_t bytes = 0;

 private:
  state::Quotas& quotas_;
  const mcp::Call& call_;
};

Limits::Limits(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server,
               state::RuleState& state)
    : server_(std::move(server)),
      style_(RefusalStyle::Of(policy)),
      state_(state),
      rules_(LimitRules::Of(policy, state)) {}

base::Task<mcp::Response> Limits::Apply(mcp::Call& call, mcp::Handler& next) const {
  if (IsExempt(call)) co_return co_await next.Handle(call);
  policy::Facts facts = FactsOf(call, *server_);
  if (rules_.reads_hints) AddHints(facts, *server_);
  if (!rules_.places.empty() || !rules_.quotas.empty())
    co_return co_await ApplyAll(call, next, facts);
  if (Refusal refusal = TakeRates(call, facts)) co_return *std::move(refusal);
  co_return co_await next.Handle(call);
}

base::Task<mcp::Response> Limits::ApplyAll(mcp::Call& call, mcp::Handler& next,
                                           const policy::Facts& facts) const {
  std::vector<state::Permits::Permit> permits;
  Refusal refusal = co_await TakePlaces(call, facts, permits);
  if (refusal) co_return *std::move(refusal);
  Settlement settlement(state_.quotas, call);
  Refusal spent = co_await TakeUnits(call, facts, settlement.taken);
  if (spent) co_return *std::move(spent);
  if (!settlement.counts_bytes()) co_return co_await next.Handle(call);

  CountingClient counting(call.client);
  mcp::Call counted = call.WithClient(counting);
  mcp::Response response = co_await next.Handle(counted);
  settlement.bytes =
      static_cast<std::int64_t>(call.bytes.size() + response.body.size()) + counting.bytes();
  co_return response;
}

base::Task<Limits::Refusal> Limits::TakePlaces(mcp::Call& call, const policy::Facts& facts,
                                               std::vector<state::Permits::Permit>& permits) const {
  state::Permits& places = state_.permits;
  for (const LimitRules::Places& rule : rules_.places) {
    if (!rule.select.Matches(facts)) continue;
    std::string key;
    rule.key.Evaluate(facts, key);
    const state::Permits::Wish wish{rule.counter.get(), key, rule.max, rule.queue};
    if (auto permit = places.TryTake(wish)) {
      permits.push_back(*std::move(permit));
      continue;
    }
    if (rule.observe) {
      Observe(call, kPlacesReason, rule.name);
      continue;
    }
    if (call.loop && rule.queue.count() > 0) {
      const auto begun = std::chrono::steady_clock::now();
      auto permit = co_await places.Take(wish, *call.loop, call.cancel);
      call.record.queue += std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - begun);
      if (call.cancel.requested()) co_return Gone(call);
      if (permit) {
        permits.push_back(*std::move(permit));
        continue;
      }
    }
    co_return RefuseByPlaces(call, rule, style_);
  }
  co_return std::nullopt;
}

base::Task<Limits::Refusal> Limits::TakeUnits(mcp::Call& call, const policy::Facts& facts,
                                              Reservations& taken) const {
  const QuotaCharges quotas(rules_, facts);
  if (quotas.empty()) co_return TakeRates(call, facts);
  const auto give_up = std::chrono::steady_clock::now() + kWaitAtMost;
  bool patience = call.loop != nullptr;
  while (true) {
    Attempt attempt = TryUnits(call, facts, quotas, patience, taken);
    if (!attempt.waits_for) co_return std::move(attempt.refusal);
    const state::Quotas::Charge& asked = quotas.all()[*attempt.waits_for];
    const bool answered = co_await state_.quotas.Leased(asked, *call.loop, call.cancel);
    if (call.cancel.requested()) co_return Gone(call);
    patience = answered && std::chrono::steady_clock::now() < give_up;
  }
}

Limits::Attempt Limits::TryUnits(mcp::Call& call, const policy::Facts& facts,
                                 const QuotaCharges& quotas, bool patience,
                                 Reservations& taken) const {
  using Answer = state::Quotas::Answer;
  RateCharges rates(rules_, facts);
  const auto verdict = state_.quotas.Reserve(
      quotas.all(), [&] { return rates.Take(state_.limits); }, taken, patience);
  if (verdict.answer == Answer::kWait) return {std::nullopt, verdict.refused_by};
  quotas.TellOwnFields(call);
  if (verdict.answer == Answer::kElsewhere) return {rates.Refuse(call, style_), std::nullopt};
  if (!verdict.admitted()) {
    return {RefuseByQuota(call, quotas.rule(verdict.refused_by), verdict, style_), std::nullopt};
  }
  Least least;
  rates.Note(call, least);
  if (verdict.observed != state::Quotas::kNone)
    Observe(call, kQuotaReason, quotas.rule(verdict.observed).name);
  if (verdict.told != state::Quotas::kNone)
    least.Consider(LimitState::Of(quotas.rule(verdict.told), verdict));
  least.Tell(call);
  return {};
}

Limits::Refusal Limits::TakeRates(mcp::Call& call, const policy::Facts& facts) const {
  RateCharges rates(rules_, facts);
  if (!rates.Take(state_.limits)) return rates.Refuse(call, style_);
  Least least;
  rates.Note(call, least);
  least.Tell(call);
  return std::nullopt;
}

}  // namespace gateway
