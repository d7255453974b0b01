#include "policy/authorization.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cassert>
#include <tuple>
#include <utility>

namespace policy {
namespace {

using Truth = Expression::Truth;
using Outcome = Authorization::Decision::Outcome;

std::optional<Expression> Compiled(const std::string& source) {
  if (source.empty()) return std::nullopt;
  auto condition = Expression::CompileCondition(source);
  assert(condition);
  // What does not compile refuses every call.
  return condition ? std::move(*condition) : Expression();
}

std::vector<Authorization::Rule> RulesOf(const EffectivePolicy& policy) {
  std::vector<Authorization::Rule> rules;
  for (const EffectiveRule& source : policy.rules) {
    if (!source.rule.has_authorize()) continue;
    rules.push_back({source, Selector(source.rule.select()),
                     Compiled(source.rule.authorize().permit_if()),
                     Compiled(source.rule.authorize().deny_if())});
  }
  return rules;
}

bool IsList(std::string_view method) { return method.ends_with("/list"); }

// Whether a call is refused, by the `permit_if` rules of one scope or by one `deny_if`.
enum class Refuses { kNo, kMaybe, kYes };

Refuses ByDeny(const Expression& deny_if, bool maybe, const Facts& facts, std::uint8_t unknowns) {
  const Truth truth = deny_if.Test(facts, unknowns);
  if (truth == Truth::kFalse) return Refuses::kNo;
  const bool open = truth == Truth::kUnknown || truth == Truth::kNotTrue || maybe;
  return open ? Refuses::kMaybe : Refuses::kYes;
}

}  // namespace

Authorization::Authorization(const EffectivePolicy& policy) : rules_(RulesOf(policy)) {}

std::string Authorization::Rule::Because(const Facts& facts) const {
  if (deny_if && deny_if->Test(facts) != Truth::kFalse) return deny_if->Because(facts);
  return permit_if ? permit_if->Because(facts) : std::string();
}

bool Authorization::MayHide(std::string_view Facts::*kind) const {
  for (const Rule& rule : rules_) {
    if (!rule.observe() && rule.select.MaySelect(kind)) return true;
  }
  return false;
}

Authorization::Decision Authorization::Decide(const Facts& facts, std::uint8_t unknowns) const {
  boost::container::small_vector<Selected, 16> selected;
  // The narrowest scope with a `permit_if` for the call: by rules in force, and by all.
  Scope enforced = Scope::kGlobal, any = Scope::kGlobal;
  const bool list = IsList(facts.method);
  for (const Rule& rule : rules_) {
    if (list && !rule.select.names_methods()) continue;
    bool maybe = false;
    if (unknowns & kUnknownResource) {
      const Selector::Choice choice = rule.select.MatchesTemplate(facts);
      if (choice == Selector::Choice::kNo) continue;
      maybe = choice == Selector::Choice::kMaybe;
    } else if (!rule.select.Matches(facts)) {
      continue;
    }
    selected.push_back({&rule, maybe});
    // One that only may select the call leaves the outcome open: setting a wider rule aside for it
    // refuses nothing wrongly.
    if (rule.permit_if) {
      if (!rule.observe()) enforced = std::max(enforced, rule.source.scope);
      any = std::max(any, rule.source.scope);
    }
  }

  Decision decision;
  if (selected.empty()) return decision;

  // Of the rules in force, or of those that only observe.
  auto decide = [&](bool observing) -> std::pair<Outcome, const Rule*> {
    const Scope overriding = observing ? any : enforced;
    Outcome outcome = Outcome::kPermitted;
    auto aside = [&](const Selected& one) {
      return one.rule->observe() != observing ||
             (one.rule->overridable() && one.rule->source.scope < overriding);
    };
    for (const Selected& one : selected) {
      if (aside(one) || !one.rule->deny_if) continue;
      const Refuses refuses = ByDeny(*one.rule->deny_if, one.maybe, facts, unknowns);
      if (refuses == Refuses::kYes) return {Outcome::kDenied, one.rule};
      if (refuses == Refuses::kMaybe) outcome = Outcome::kUnknown;
    }
    for (std::size_t begin = 0; begin < selected.size();) {
      const Scope scope = selected[begin].rule->source.scope;
      const Rule* first = nullptr;
      bool holds = false, open = false;
      std::size_t end = begin;
      for (; end < selected.size() && selected[end].rule->source.scope == scope; ++end) {
        const Selected& one = selected[end];
        if (aside(one) || !one.rule->permit_if || holds) continue;
        if (!first) first = one.rule;
        const Truth truth = one.rule->permit_if->Test(facts, unknowns);
        holds = truth == Truth::kTrue && !one.maybe;
        open = open || truth == Truth::kUnknown || truth == Truth::kNotFalse || one.maybe;
      }
      begin = end;
      if (!first || holds) continue;
      if (!open) return {Outcome::kDenied, first};
      outcome = Outcome::kUnknown;
    }
    return {outcome, nullptr};
  };

  std::tie(decision.outcome, decision.rule) = decide(false);
  if (decision.outcome != Outcome::kDenied) decision.observed = decide(true).second;
  return decision;
}

}  // namespace policy
