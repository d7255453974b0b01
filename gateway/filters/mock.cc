#include "gateway/filters/mock.h"

#include "mcp/raw_json.h"
#include "mcp/revision.h"

namespace gateway {
namespace {

constexpr std::string_view kReason = "Mocked";

bool MayBeMocked(const mcp::Call& call) {
  return call.is_request() && (call.method == "tools/call" || call.method == "prompts/get" ||
                               call.method == "resources/read");
}

// What MCP 2026-07-28 demands of a result besides what the rule says.
std::string Demanded(std::string_view method, std::string_view result) {
  std::string members;
  auto add = [&](std::string_view name, std::string_view value) {
    if (!mcp::Member(result, name).empty()) return;
    members += '"';
    members.append(name).append("\":").append(value) += ',';
  };
  add("resultType", R"("complete")");
  if (method == "resources/read") {
    add("ttlMs", "0");
    add("cacheScope", R"("private")");
  }
  return members;
}

}  // namespace

Mock::Mock(const policy::EffectivePolicy& policy, std::shared_ptr<const GovernedServer> server)
    : mocking_(policy), server_(std::move(server)) {
  for (const policy::Mocking::Rule& rule : mocking_.rules())
    names_.push_back(RuleName::Of(rule.source));
}

const RuleName& Mock::NameOf(const policy::Mocking::Rule& rule) const {
  return names_[static_cast<std::size_t>(&rule - mocking_.rules().data())];
}

std::optional<mcp::Response> Mock::Before(mcp::Call& call) const {
  if (!MayBeMocked(call)) return std::nullopt;
  policy::Facts facts = FactsOf(call, *server_);
  if (mocking_.reads_hints()) AddHints(facts, *server_);
  const policy::Mocking::Choice choice = mocking_.For(facts);
  if (choice.observed) Observe(call, kReason, NameOf(*choice.observed));
  if (!choice.answers) return std::nullopt;
  call.record.mocked = true;
  call.record.rule = NameOf(*choice.answers).origin;
  const std::string_view result = choice.answers->result_json();
  std::string body = R"({"jsonrpc":"2.0","id":)";
  body.append(call.id()).append(R"(,"result":)");
  // Behind the brace; there is one, since the rule was validated.
  const std::size_t inside = result.find('{') + 1;
  std::string demanded;
  if (mcp::IsModern(call.revision)) demanded = Demanded(call.method, result);
  std::string_view rest = result.substr(inside);
  const std::size_t next = rest.find_first_not_of(" \t\r\n");
  if (!demanded.empty() && next != rest.npos && rest[next] == '}') demanded.pop_back();
  body.append("{").append(demanded).append(rest).append("}");
  return mcp::Response::Message(std::move(body));
}

}  // namespace gateway
