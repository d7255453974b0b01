#include "gateway/filters/cache.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <variant>

#include "base/auth/api_key.h"
#include "gateway/filters/answer_tap.h"
#include "gateway/filters/cache_key.h"
#include "mcp/http_client.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using state::ResultCache;
using std::chrono::milliseconds;

// Beside its result, in an answer.
constexpr std::size_t kAroundResult = 1024;

bool IsList(std::string_view method) {
  constexpr std::array<std::string_view, 4> kMethods = {
      "tools/list", "prompts/list", "resources/list", "resources/templates/list"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

// Whose answers are nobody else's.
std::string OwnerOf(const mcp::Call& call) {
  std::string owner = "own ";
  AppendPart(call.principal.id, owner);
  if (!call.principal.anonymous()) return owner;
  if (call.session.empty()) return owner + "connection " + std::to_string(call.connection_id);
  owner += "session ";
  AppendPart(call.session, owner);
  return owner;
}

std::int64_t MillisUntil(base::TimePoint then, base::TimePoint now) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<milliseconds>(then - now).count());
}

// The result with what is left of its ttlMs.
std::string WithTtlLeft(std::string_view result, std::int64_t left_ms) {
  const std::string_view ttl = mcp::Member(result, "ttlMs");
  const auto said = mcp::Integer(ttl);
  if (!said || *said <= left_ms) return std::string(result);
  const auto begin = static_cast<std::size_t>(ttl.data() - result.data());
  std::string out(result.substr(0, begin));
  out += std::to_string(left_ms);
  return out.append(result.substr(begin + ttl.size()));
}

// The result, with how old it is: not everybody sees header lines.
std::string WithAge(std::string result, std::int64_t age_s) {
  constexpr std::string_view kName = "io.portolan.gateway/cache";
  const std::string_view meta = mcp::Member(result, "_meta");
  if ((!meta.empty() && !mcp::IsObject(meta)) || !mcp::Member(meta, kName).empty()) return result;
  std::string member = '"' + std::string(kName) + R"(":{"age_s":)" + std::to_string(age_s) + "}";
  if (meta.empty()) member = R"("_meta":{)" + member + "}";
  const std::string_view object = meta.empty() ? std::string_view(result) : meta;
  const auto inside = static_cast<std::size_t>(object.data() - result.data()) + 1;
  const std::size_t next = result.find_first_not_of(" \t\r\n", inside);
  if (next != std::string::npos && result[next] != '}') member += ',';
  return result.insert(inside, member);
}

}  // namespace

Cache::Cache(const policy::EffectivePolicy& policy,
             std::shared_ptr<const policy::UpstreamRules> upstream,
             std::shared_ptr<const CredentialRules> credentials,
             std::shared_ptr<const GovernedServer> server, ResultCache& results)
    : caching_(policy),
      upstream_(std::move(upstream)),
      credentials_(std::move(credentials)),
      server_(std::move(server)),
      results_(results),
      generation_(results.NewGeneration()) {}

base::Task<mcp::Response> Cache::Apply(mcp::Call& call, mcp::Handler& next) const {
  const std::optional<Question> question = QuestionFor(call);
  if (!question) co_return co_await next.Handle(call);
  while (true) {
    if (const ResultCache::Pointer kept = Find(*question)) co_return Give(call, *kept);
    // Who cannot wait asks.
    if (!call.loop) co_return co_await Ask(call, next, *question, nullptr);
    ResultCache::Joined joined = results_.Join(question->widest());
    if (auto* asking = std::get_if<ResultCache::Asking>(&joined)) {
      // It may have been answered just now.
      if (const ResultCache::Pointer kept = results_.Find(question->widest())) {
        asking->Answer(kept);
        co_return Give(call, *kept);
      }
      co_return co_await Ask(call, next, *question, asking);
    }
    std::shared_ptr<ResultCache::Flight> flight =
        std::get<std::shared_ptr<ResultCache::Flight>>(joined);
    const ResultCache::Outcome outcome =
        co_await ResultCache::Wait(std::move(flight), *call.loop, call.cancel);
    switch (outcome.waited) {
      case ResultCache::Waited::kAnswered: co_return Give(call, *outcome.kept);
      case ResultCache::Waited::kDropped: break;
      case ResultCache::Waited::kCancelled:
        call.record.outcome = mcp::Outcome::kCancelled;
        co_return mcp::Response::Gone();
      case ResultCache::Waited::kDeclined:
      case ResultCache::Waited::kExpired: co_return co_await Ask(call, next, *question, nullptr);
    }
  }
}

std::optional<Cache::Question> Cache::QuestionFor(const mcp::Call& call) const {
  if (!call.is_request()) return std::nullopt;
  const bool list = IsList(call.method);
  if (!list && call.method != "tools/call") return std::nullopt;
  // Answered from the catalog, at once.
  if (list && server_->shared_items && server_->items) return std::nullopt;
  policy::Facts facts = FactsOf(call, *server_);
  AddHints(facts, *server_);
  Question question;
  question.terms = caching_.For(facts);
  if (question.terms.ttl_s == 0) return std::nullopt;
  if (!list && !question.terms.chosen && !facts.tool_hints.read_only) return std::nullopt;
  const policy::UpstreamRules::Lines lines = upstream_->LinesFor(facts);
  const std::optional<std::string> text = QuestionOf(call, lines.forward);
  if (!text) return std::nullopt;
  std::string asked = std::to_string(generation_) + " ";
  AppendPart(*text, asked);
  // What one account is told is not what another would be.
  AppendPart(credentials_->KeyOf(call), asked);
  question.own = base::auth::Sha256(asked + OwnerOf(call));
  const bool each_its_own = list && !server_->shared_items;
  if (const std::string group = SharedBy(question.terms, facts); !group.empty() && !each_its_own)
    question.shared = base::auth::Sha256(asked + group);
  return question;
}

std::string Cache::SharedBy(const policy::Caching::Terms& terms, const policy::Facts& facts) {
  if (!terms.vary) return {};
  std::string group = "shared ";
  std::string value;
  for (const policy::Expression& expression : *terms.vary) {
    value.clear();
    expression.Evaluate(facts, value);
    if (value.empty()) return {};
    AppendPart(value, group);
  }
  return group;
}

ResultCache::Pointer Cache::Find(const Question& question) const {
  if (!question.shared.empty()) {
    if (ResultCache::Pointer kept = results_.Find(question.shared)) return kept;
  }
  return results_.Find(question.own);
}

mcp::Response Cache::Give(mcp::Call& call, const ResultCache::Kept& kept) const {
  const base::TimePoint now = results_.clock().Now();
  const std::int64_t age = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::seconds>(now - kept.since).count());
  call.record.cache = mcp::CacheUse::kHit;
  call.record.answer_fields.emplace_back("X-Cache", "HIT");
  call.record.answer_fields.emplace_back("Age", std::to_string(age));
  std::string body = R"({"jsonrpc":"2.0","id":)";
  body.append(call.id()).append(R"(,"result":)");
  body += WithAge(WithTtlLeft(kept.result, MillisUntil(kept.until, now)), age);
  body += '}';
  return mcp::Response::Message(std::move(body));
}

base::Task<mcp::Response> Cache::Ask(mcp::Call& call, mcp::Handler& next, const Question& question,
                                     ResultCache::Asking* asking) const {
  call.record.cache = mcp::CacheUse::kMiss;
  call.record.answer_fields.emplace_back("X-Cache", "MISS");
  const std::size_t max_bytes = static_cast<std::size_t>(question.terms.max_bytes) + kAroundResult;
  const std::uint64_t asked_at = results_.purges();
  AnswerTap tap(call.client, max_bytes);
  mcp::Call tapped = call.WithClient(tap);
  mcp::Response response = co_await next.Handle(tapped);
  // Nobody is there for the answer: another of those who wait asks again.
  if (call.cancel.requested()) co_return response;
  ResultCache::Pointer kept;
  bool mine = true;
  const std::optional<std::string> answer = tap.TakeAnswer(response);
  if (answer && !tap.asked()) kept = ToKeep(call, *answer, question, mine);
  if (kept) results_.Keep(mine ? question.own : question.shared, kept, asked_at);
  const bool of_all_who_wait = kept && (!mine || question.shared.empty());
  if (asking && of_all_who_wait) asking->Answer(std::move(kept));
  if (asking && !of_all_who_wait) asking->Decline();
  co_return response;
}

ResultCache::Pointer Cache::ToKeep(const mcp::Call& call, std::string_view answer,
                                   const Question& question, bool& mine) const {
  const auto envelope = mcp::Scan(answer);
  if (!envelope || envelope->kind != mcp::Envelope::Kind::kResult) return nullptr;
  // Somebody else's answer is none to keep.
  if (!mcp::IsAnswerTo(answer, *envelope, call.id())) return nullptr;
  if (!envelope->is_error.empty() && envelope->is_error.of(answer) != "false") return nullptr;
  if (!envelope->result_type.empty() &&
      mcp::DecodeString(envelope->result_type.of(answer)) != "complete")
    return nullptr;
  const std::string_view result = envelope->result.of(answer);
  if (!mcp::IsObject(result) || result.size() > static_cast<std::size_t>(question.terms.max_bytes))
    return nullptr;
  // A task that was begun is no answer.
  if (call.method == "tools/call" && !mcp::Member(result, "task").empty()) return nullptr;
  milliseconds ttl = std::chrono::seconds(question.terms.ttl_s);
  if (const std::string_view said = mcp::Member(result, "ttlMs"); !said.empty())
    ttl = std::min(ttl, milliseconds(mcp::Integer(said).value_or(0)));
  if (ttl.count() <= 0) return nullptr;
  const std::string_view scope = mcp::Member(result, "cacheScope");
  const bool may_be_shared = scope.empty() ? !IsList(call.method) : scope == R"("public")";
  mine = question.shared.empty() || !may_be_shared;
  auto kept = std::make_shared<ResultCache::Kept>();
  kept->server = server_->name;
  kept->item = call.method == "tools/call" ? call.item : call.method;
  kept->result = result;
  kept->since = results_.clock().Now();
  kept->until = kept->since + ttl;
  return kept;
}

}  // namespace gateway
