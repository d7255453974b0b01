#include "gateway/filters/record_rules.h"

#include <algorithm>

#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

constexpr std::size_t kMaxDimensions = 16;
constexpr std::size_t kMaxDimensionBytes = 256;

// The beginning of a text, not ending within a character (UTF-8).
std::string_view Cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

// What is kept of JSON; empty: it cannot be redacted.
std::string Kept(std::string_view json, const std::vector<const policy::Redaction*>& redactions,
                 std::size_t bytes) {
  std::optional<std::string> redacted;
  for (const policy::Redaction* redaction : redactions) {
    redacted = redaction->Apply(redacted ? std::string_view(*redacted) : json);
    if (!redacted) return {};
  }
  return std::string(Cut(redacted ? std::string_view(*redacted) : json, bytes));
}

// The result or the error of an answer, from its beginning on; the answer may be cut off within it.
std::string_view ResultIn(std::string_view answer) {
  mcp::Members members(answer);
  while (members.Next()) {
    if (members.Is("result") || members.Is("error")) return members.value();
  }
  // The member that could not be read to its end.
  const std::string_view key = members.key();
  if (key != "\"result\"" && key != "\"error\"") return {};
  const std::size_t colon =
      answer.find(':', static_cast<std::size_t>(key.data() - answer.data()) + key.size());
  return colon == std::string_view::npos ? std::string_view() : answer.substr(colon + 1);
}

}  // namespace

RecordRules::RecordRules(const policy::EffectivePolicy& policy,
                         std::shared_ptr<const GovernedServer> server)
    : server_(std::move(server)) {
  for (const policy::EffectiveRule& source : policy.rules) {
    if (!source.rule.has_record()) continue;
    const portolan::v1::Record& says = source.rule.record();
    Rule rule;
    rule.select = policy::Selector(source.rule.select());
    if (says.has_sample()) rule.sample = says.sample();
    if (says.has_payload_bytes())
      rule.payload_bytes = static_cast<std::size_t>(says.payload_bytes());
    for (const std::string& path : says.redact()) {
      // What a result is about stands in its structuredContent, and as JSON in its text.
      const bool good = rule.of_arguments.Add(path) && rule.of_results.Add(path) &&
                        rule.of_results.AddBelow("structuredContent", path);
      // Not what was validated: keep nothing rather than too much.
      if (!good) rule.payload_bytes = 0;
    }
    for (const portolan::v1::Dimension& dimension : says.dimensions()) {
      auto value = policy::Expression::Compile(dimension.value());
      if (value) rule.dimensions.push_back({dimension.name(), *std::move(value)});
    }
    reads_hints_ = reads_hints_ || rule.select.reads_hints();
    rules_.push_back(std::move(rule));
  }
  std::reverse(rules_.begin(), rules_.end());
}

RecordRules::Terms RecordRules::TermsFor(mcp::Call& call) const {
  policy::Facts facts = FactsOf(call, *server_);
  if (reads_hints_) AddHints(facts, *server_);
  Terms terms;
  std::optional<double> sample;
  std::optional<std::size_t> payload_bytes;
  for (const Rule& rule : rules_) {
    if (!rule.select.Matches(facts)) continue;
    if (!sample) sample = rule.sample;
    if (!payload_bytes) payload_bytes = rule.payload_bytes;
    if (!rule.of_arguments.empty()) {
      terms.of_arguments.push_back(&rule.of_arguments);
      terms.of_results.push_back(&rule.of_results);
    }
  }
  terms.sample = sample.value_or(1);
  terms.payload_bytes = payload_bytes.value_or(0);
  WriteDimensions(call, facts);
  return terms;
}

void RecordRules::WriteDimensions(mcp::Call& call, const policy::Facts& facts) const {
  auto& written = call.record.payload.dimensions;
  std::string value;
  for (const Rule& rule : rules_) {
    if (rule.dimensions.empty() || !rule.select.Matches(facts)) continue;
    for (const Dimension& dimension : rule.dimensions) {
      const bool known = std::any_of(written.begin(), written.end(), [&](const auto& other) {
        return other.first == dimension.name;
      });
      if (known || written.size() >= kMaxDimensions) continue;
      value.clear();
      dimension.value.Evaluate(facts, value);
      if (!value.empty())
        written.emplace_back(dimension.name, std::string(Cut(value, kMaxDimensionBytes)));
    }
  }
}

void RecordRules::KeepArguments(mcp::Call& call, const Terms& terms) const {
  const bool of_item = call.method == "tools/call" || call.method == "prompts/get";
  const std::string_view parameters =
      (of_item ? call.envelope.arguments : call.envelope.params).of(call.bytes);
  mcp::Payload& payload = call.record.payload;
  payload.arguments_bytes = parameters.size();
  payload.arguments =
      parameters.empty() ? "" : Kept(parameters, terms.of_arguments, terms.payload_bytes);
}

void RecordRules::KeepArgumentsAgain(mcp::Call& call) const {
  if (empty()) return;
  const std::uint64_t bytes = call.record.payload.arguments_bytes;
  const Terms terms = TermsFor(call);
  if (terms.payload_bytes == 0) return;
  KeepArguments(call, terms);
  call.record.payload.arguments_bytes = bytes;
}

void RecordRules::KeepResult(mcp::Call& call, const Terms& terms, std::string_view answer,
                             std::size_t bytes) const {
  const std::string_view result = ResultIn(answer);
  if (result.empty()) return;
  mcp::Payload& payload = call.record.payload;
  const auto around = static_cast<std::size_t>(result.data() - answer.data());
  const bool whole = bytes == answer.size();
  // Behind a result that goes on stands at least the brace of the answer.
  payload.result_bytes = whole ? result.size() : bytes - around - 1;
  payload.result = Kept(result, terms.of_results, terms.payload_bytes);
}

}  // namespace gateway
