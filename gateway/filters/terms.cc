#include "gateway/filters/terms.h"

#include <algorithm>

#include "base/http/characters.h"
#include "base/http/message.h"
#include "policy/header_names.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

using base::http::EqualsIgnoreCase;
using std::chrono::milliseconds;

constexpr std::size_t kMaxValueBytes = 4'096;

mcp::UpstreamTerms::Conflict ConflictOf(v1::HeaderConflict::Value value) {
  switch (value) {
    case v1::HeaderConflict::APPEND: return mcp::UpstreamTerms::Conflict::kAppend;
    case v1::HeaderConflict::KEEP: return mcp::UpstreamTerms::Conflict::kKeep;
    default: return mcp::UpstreamTerms::Conflict::kReplace;
  }
}

void Take(milliseconds& bound, milliseconds said) {
  if (said.count() > 0) bound = said;
}

}  // namespace

base::Task<mcp::Response> Terms::Apply(mcp::Call& call, mcp::Handler& next) const {
  policy::Facts facts = FactsOf(call, *server_);
  if (rules_->reads_hints()) AddHints(facts, *server_);
  auto terms = std::make_shared<mcp::UpstreamTerms>();
  if (call.upstream) *terms = *call.upstream;
  const policy::UpstreamRules::Bounds bounds = rules_->BoundsFor(facts);
  Take(terms->connect, bounds.connect);
  Take(terms->first_byte, bounds.first_byte);
  Take(terms->idle, bounds.idle);
  Take(terms->total, bounds.total);
  TakeLines(call, facts, *terms);
  call.upstream = std::move(terms);
  return next.Handle(call);
}

void Terms::TakeLines(mcp::Call& call, const policy::Facts& facts,
                      mcp::UpstreamTerms& terms) const {
  const policy::UpstreamRules::Lines lines = rules_->LinesFor(facts);
  for (const std::string_view name : lines.forward) {
    if (!IsProof(name)) terms.forward.emplace_back(name);
  }
  terms.remove.assign(lines.remove.begin(), lines.remove.end());
  std::string value;
  for (const auto& [says, expression] : lines.set) {
    value.clear();
    expression->Evaluate(facts, value);
    if (MayBeSaid(call, value)) {
      terms.lines.push_back({says->name(), value, ConflictOf(says->if_there())});
    } else if (ConflictOf(says->if_there()) == mcp::UpstreamTerms::Conflict::kReplace) {
      // Where ours was to stand the caller's must not.
      terms.remove.push_back(says->name());
    }
  }
  for (const auto& [says, expression] : lines.answer) {
    value.clear();
    expression->Evaluate(facts, value);
    if (MayBeSaid(call, value)) call.record.answer_fields.emplace_back(says->name(), value);
  }
}

bool Terms::IsProof(std::string_view header) const {
  if (policy::IsReservedForRequests(header)) return true;
  const auto& keys = rules_->key_headers();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const std::string& key) { return EqualsIgnoreCase(key, header); });
}

bool Terms::MayBeSaid(const mcp::Call& call, std::string_view value) const {
  if (value.empty() || value.size() > kMaxValueBytes) return false;
  if (value.front() == ' ' || value.back() == ' ') return false;
  if (std::any_of(value.begin(), value.end(), base::http::IsControl)) return false;
  if (!call.fields) return true;
  const auto& fields = call.fields->all();
  return std::none_of(fields.begin(), fields.end(), [&](const base::http::Field& field) {
    const auto& keys = rules_->key_headers();
    const bool key = std::any_of(keys.begin(), keys.end(), [&](const std::string& name) {
      return EqualsIgnoreCase(name, field.name);
    });
    return key && !field.value.empty() && value.find(field.value) != value.npos;
  });
}

}  // namespace gateway
