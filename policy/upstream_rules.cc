#include "policy/upstream_rules.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "base/http/message.h"

namespace policy {

namespace v1 = portolan::v1;

namespace {

using std::chrono::milliseconds;

std::vector<Expression> CompileValues(
    const google::protobuf::RepeatedPtrField<v1::HeaderValue>& lines) {
  std::vector<Expression> values;
  for (const v1::HeaderValue& line : lines) {
    auto value = Expression::Compile(line.value());
    assert(value);
    values.push_back(std::move(*value));
  }
  return values;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Where callers may show keys, whatever a rule says, and where these rules say they do.
std::vector<std::string> KeyHeaders(const EffectivePolicy& policy) {
  std::vector<std::string> names = {"x-api-key", "ocp-apim-subscription-key"};
  for (const EffectiveRule& source : policy.rules) {
    for (const v1::Authenticate::Proof& proof : source.rule.authenticate().any_of()) {
      if (!proof.has_api_key()) continue;
      if (!proof.api_key().header().empty()) names.push_back(Lower(proof.api_key().header()));
      for (const std::string& alias : proof.api_key().aliases()) names.push_back(Lower(alias));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// What narrower rules have spoken of.
class Spoken {
 public:
  // REQUIRES: EndRule was called after the rule before.
  bool Has(std::string_view name) const {
    return std::any_of(
        names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(before_),
        [&](std::string_view one) { return base::http::EqualsIgnoreCase(one, name); });
  }
  void Add(std::string_view name) { names_.push_back(name); }
  void EndRule() { before_ = names_.size(); }

 private:
  std::vector<std::string_view> names_;
  std::size_t before_ = 0;  // those of narrower rules
};

bool Says(const v1::Timeouts& timeout) {
  return timeout.has_connect_ms() || timeout.has_first_byte_ms() || timeout.has_idle_ms() ||
         timeout.has_total_ms();
}

}  // namespace

UpstreamRules::UpstreamRules(const EffectivePolicy& policy) : key_headers_(KeyHeaders(policy)) {
  for (const EffectiveRule& source : policy.rules) {
    if (!source.rule.has_upstream() || source.observe) continue;
    const v1::Upstream& says = source.rule.upstream();
    Rule rule;
    rule.source = source;
    rule.select = Selector(source.rule.select());
    rule.set = CompileValues(says.headers().set());
    rule.answer = CompileValues(says.headers().answer());
    reads_hints_ = reads_hints_ || rule.select.reads_hints();
    has_bounds_or_lines_ = has_bounds_or_lines_ || says.has_headers() || Says(says.timeout());
    has_retry_ = has_retry_ || says.has_retry();
    has_breaker_ = has_breaker_ || says.has_breaker();
    has_credential_ = has_credential_ || !says.credential().empty();
    rules_.push_back(std::move(rule));
  }
  std::reverse(rules_.begin(), rules_.end());
}

UpstreamRules::Bounds UpstreamRules::BoundsFor(const Facts& facts) const {
  Bounds bounds;
  for (const Rule& rule : rules_) {
    const v1::Timeouts& says = rule.says().timeout();
    if (!Says(says) || !rule.select.Matches(facts)) continue;
    auto take = [](milliseconds& bound, bool said, std::int64_t value) {
      if (said && bound.count() == 0) bound = milliseconds(value);
    };
    take(bounds.connect, says.has_connect_ms(), says.connect_ms());
    take(bounds.first_byte, says.has_first_byte_ms(), says.first_byte_ms());
    take(bounds.idle, says.has_idle_ms(), says.idle_ms());
    take(bounds.total, says.has_total_ms(), says.total_ms());
  }
  return bounds;
}

template <class Says>
const UpstreamRules::Rule* UpstreamRules::Narrowest(const Facts& facts, Says says) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return says(rule.says()) && rule.select.Matches(facts);
  });
  return found == rules_.end() ? nullptr : &*found;
}

const UpstreamRules::Rule* UpstreamRules::RetryFor(const Facts& facts) const {
  return Narrowest(facts, [](const v1::Upstream& says) { return says.has_retry(); });
}

const UpstreamRules::Rule* UpstreamRules::BreakerFor(const Facts& facts) const {
  return Narrowest(facts, [](const v1::Upstream& says) { return says.has_breaker(); });
}

const UpstreamRules::Rule* UpstreamRules::CredentialFor(const Facts& facts) const {
  return Narrowest(facts, [](const v1::Upstream& says) { return !says.credential().empty(); });
}

UpstreamRules::Lines UpstreamRules::LinesFor(const Facts& facts) const {
  Lines lines;
  Spoken asked, answered;
  for (const Rule& rule : rules_) {
    if (!rule.says().has_headers() || !rule.select.Matches(facts)) continue;
    const v1::HeaderRules& says = rule.says().headers();
    auto take = [&](const auto& names, std::vector<std::string_view>& into) {
      for (const std::string& name : names) {
        if (!asked.Has(name)) into.push_back(name);
        asked.Add(name);
      }
    };
    auto take_lines = [](const auto& values, const std::vector<Expression>& compiled,
                         Spoken& spoken, std::vector<Line>& into) {
      for (int i = 0; i < values.size(); ++i) {
        if (!spoken.Has(values[i].name()))
          into.push_back({&values[i], &compiled[static_cast<std::size_t>(i)]});
        spoken.Add(values[i].name());
      }
    };
    take(says.forward(), lines.forward);
    take(says.remove(), lines.remove);
    take_lines(says.set(), rule.set, asked, lines.set);
    take_lines(says.answer(), rule.answer, answered, lines.answer);
    asked.EndRule();
    answered.EndRule();
  }
  return lines;
}

}  // namespace policy
