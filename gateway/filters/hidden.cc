#include "gateway/filters/hidden.h"

#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

// What a call brings that a list does not know.
constexpr std::uint8_t kOfTheCall =
    policy::kUnknownArguments | policy::kUnknownTime | policy::kUnknownHeaders;
// Of a list that the server itself answers.
constexpr std::size_t kMaxListBytes = 4 * 1024 * 1024;

struct List {
  std::string_view method;
  // In the result, and in each of its elements.
  std::string_view member;
  std::string_view name;
};
// In the order of Hidden::Kind.
constexpr List kLists[] = {
    {"tools/list", "tools", "name"},
    {"prompts/list", "prompts", "name"},
    {"resources/list", "resources", "uri"},
    {"resources/templates/list", "resourceTemplates", "uriTemplate"},
};

const List* ListOf(std::string_view method) {
  for (const List& list : kLists) {
    if (list.method == method) return &list;
  }
  return nullptr;
}

}  // namespace

Hidden::Hidden(std::shared_ptr<const AuthorizeRules> rules,
               std::shared_ptr<const GovernedServer> server, RefusalStyle style)
    : rules_(std::move(rules)),
      server_(std::move(server)),
      style_(style),
      hides_tools_(rules_->authorization.MayHide(&policy::Facts::tool_name)),
      hides_prompts_(rules_->authorization.MayHide(&policy::Facts::prompt_name)),
      hides_resources_(rules_->authorization.MayHide(&policy::Facts::resource_uri)) {}

bool Hidden::MayHide(Kind kind) const {
  if (kind == Kind::kTool) return hides_tools_;
  return kind == Kind::kPrompt ? hides_prompts_ : hides_resources_;
}

bool Hidden::Knows(const Item& item) const {
  // What each caller is shown by the server itself is not known here.
  if (!server_->shared_items) return true;
  if (!server_->items) return false;
  switch (item.kind) {
    case Kind::kTool: return server_->items->Find("tools/call", item.name) != nullptr;
    case Kind::kPrompt: return server_->items->Find("prompts/get", item.name) != nullptr;
    default: return server_->items->MayHaveResource(item.name);
  }
}

const policy::Authorization::Rule* Hidden::HiddenBy(const Item& item, policy::Facts facts,
                                                    const policy::ToolHints& hints) const {
  facts.tool_name = facts.prompt_name = facts.resource_uri = {};
  facts.tool_hints = hints;
  std::uint8_t unknowns = kOfTheCall;
  switch (item.kind) {
    case Kind::kTool: facts.SetItem("tools/call", item.name); break;
    case Kind::kPrompt: facts.SetItem("prompts/get", item.name); break;
    case Kind::kTemplate: unknowns |= policy::kUnknownResource; [[fallthrough]];
    case Kind::kResource: facts.SetItem("resources/read", item.name); break;
  }
  const auto decision = rules_->authorization.Decide(facts, unknowns);
  return decision.outcome == policy::Authorization::Decision::Outcome::kDenied ? decision.rule
                                                                               : nullptr;
}

std::optional<mcp::Response> Hidden::Before(mcp::Call& call) const {
  if (!call.is_request()) return std::nullopt;
  if (const List* list = ListOf(call.method)) {
    const auto kind = static_cast<Kind>(list - kLists);
    if (MayHide(kind) && call.collect_result_up_to == 0) call.collect_result_up_to = kMaxListBytes;
    return std::nullopt;
  }
  std::optional<Item> item;
  std::string decoded;
  if (call.method == "tools/call") {
    item = Item{Kind::kTool, call.item};
  } else if (call.method == "prompts/get") {
    item = Item{Kind::kPrompt, call.item};
  } else if (call.method == "completion/complete") {
    const std::string_view ref = mcp::Member(call.envelope.params.of(call.bytes), "ref");
    const bool prompt = mcp::Member(ref, "type") == "\"ref/prompt\"";
    decoded = mcp::DecodeString(mcp::Member(ref, prompt ? "name" : "uri"));
    item = Item{prompt ? Kind::kPrompt : Kind::kTemplate, decoded};
  } else if (call.method.starts_with("resources/")) {
    item = Item{Kind::kResource, call.item};
  }
  if (!item || !MayHide(item->kind)) return std::nullopt;
  const policy::Facts facts = FactsOf(call, *server_);
  const policy::ToolHints hints = item->kind == Kind::kTool && server_->items
                                      ? server_->items->HintsOf(item->name)
                                      : policy::ToolHints();
  const policy::Authorization::Rule* rule = HiddenBy(*item, facts, hints);
  if (!rule && Knows(*item)) return std::nullopt;
  mcp::Response response = RefuseUnknown(call, style_);
  // For those who run this, not for the caller.
  if (rule) {
    call.record.reason = "ItemHidden";
    call.record.rule = rules_->NameOf(*rule).origin;
  }
  return response;
}

void Hidden::After(mcp::Call& call, mcp::Response& response) const {
  const List* list = ListOf(call.method);
  if (!list || response.kind != mcp::Response::Kind::kMessage) return;
  const auto kind = static_cast<Kind>(list - kLists);
  if (!MayHide(kind)) return;
  const std::string_view body = response.body;
  const std::string_view result = mcp::Member(body, "result");
  const std::string_view array = mcp::Member(result, list->member);
  if (!mcp::IsArray(array)) return;
  const std::optional<std::string> seen = Seen(array, kind, FactsOf(call, *server_));
  const std::string_view scope = mcp::Member(result, "cacheScope");
  const bool shared = mcp::IsModern(call.revision) && scope != "\"private\"";
  if (!seen && !shared) return;

  // The answer as it is, but for the array and the scope.
  std::string filtered;
  filtered.reserve(body.size() + 32);
  std::size_t copied = 0;
  auto replace = [&](std::string_view part, std::string_view with) {
    const auto begin = static_cast<std::size_t>(part.data() - body.data());
    filtered.append(body.substr(copied, begin - copied)).append(with);
    copied = begin + part.size();
  };
  const bool scope_first = !scope.empty() && scope.data() < array.data();
  if (shared && scope.empty()) replace(result.substr(0, 1), R"({"cacheScope":"private",)");
  if (shared && scope_first) replace(scope, "\"private\"");
  if (seen) replace(array, *seen);
  if (shared && !scope.empty() && !scope_first) replace(scope, "\"private\"");
  filtered.append(body.substr(copied));
  response.body = std::move(filtered);
}

std::optional<std::string> Hidden::Seen(std::string_view array, Kind kind,
                                        const policy::Facts& facts) const {
  const std::string_view member = kLists[static_cast<std::size_t>(kind)].name;
  std::string seen = "[";
  bool all = true;
  mcp::Elements elements(array);
  while (elements.Next()) {
    const std::string name = mcp::DecodeString(mcp::Member(elements.value(), member));
    const policy::ToolHints hints =
        kind == Kind::kTool ? policy::HintsOf(elements.value()) : policy::ToolHints();
    if (name.empty() || HiddenBy({kind, name}, facts, hints)) {
      all = false;
      continue;
    }
    if (seen.size() > 1) seen += ',';
    seen += elements.value();
  }
  if (all) return std::nullopt;
  return seen += ']';
}

}  // namespace gateway
