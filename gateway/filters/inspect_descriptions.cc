#include "gateway/filters/inspect_descriptions.h"

#include <optional>

#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "policy/definition_inspection.h"

namespace gateway {
namespace {

using Part = InspectRules::Part;
using Looker = InspectRules::Looker;
using policy::JsonInspector;

// Of a list that the server itself answers.
constexpr std::size_t kMaxListBytes = 4 * 1024 * 1024;
constexpr std::string_view kServerInfo = "io.modelcontextprotocol/serverInfo";

// A text with some of its parts replaced, from front to back.
class Splice {
 public:
  explicit Splice(std::string_view text) : text_(text) {}

  void Replace(std::string_view part, std::string_view with) {
    const auto begin = static_cast<std::size_t>(part.data() - text_.data());
    out_.append(text_.substr(copied_, begin - copied_)).append(with);
    copied_ = begin + part.size();
  }
  std::string Finish() { return std::move(out_.append(text_.substr(copied_))); }

 private:
  const std::string_view text_;
  std::string out_;
  std::size_t copied_ = 0;
};

}  // namespace

struct InspectDescriptions::List {
  std::string_view method;
  // In the result, and in each of its elements.
  std::string_view member;
  std::string_view name;
  // What calls of such an item are.
  std::string_view call;
};

const InspectDescriptions::List* InspectDescriptions::ListOf(std::string_view method) {
  static constexpr List kLists[] = {
      {"tools/list", "tools", "name", "tools/call"},
      {"prompts/list", "prompts", "name", "prompts/get"},
      {"resources/list", "resources", "uri", "resources/read"},
      {"resources/templates/list", "resourceTemplates", "uriTemplate", "resources/read"},
  };
  for (const List& list : kLists) {
    if (list.method == method) return &list;
  }
  return nullptr;
}

const InspectDescriptions::Verdicts& InspectDescriptions::verdicts() const {
  std::call_once(looked_, [this] {
    const auto look = [&](std::string_view method, Found& found) {
      return [&found, method, this](std::string_view name, std::string_view definition) {
        const InspectRules::Terms terms =
            rules_->TermsFor(method, name, policy::HintsOf(definition));
        JsonInspector inspector(definition, terms);
        policy::LookAtDefinition(inspector, definition);
        if (!inspector.found().empty()) found.emplace(name, inspector.blocked_by());
      };
    };
    const GovernedServer& server = rules_->server();
    if (!server.items) return;
    server.items->VisitTools(look("tools/call", verdicts_.tools));
    server.items->VisitPrompts(look("prompts/get", verdicts_.prompts));
  });
  return verdicts_;
}

bool InspectDescriptions::IsClean(const List& list) const {
  const GovernedServer& server = rules_->server();
  if (!server.items || !server.shared_items) return false;
  if (list.call == "tools/call") return verdicts().tools.empty();
  return list.call == "prompts/get" && verdicts().prompts.empty();
}

std::optional<mcp::Response> InspectDescriptions::Before(mcp::Call& call) const {
  if (!call.is_request()) return std::nullopt;
  if (ListOf(call.method) || call.method == "server/discover") {
    if (call.collect_result_up_to == 0) call.collect_result_up_to = kMaxListBytes;
    return std::nullopt;
  }
  const bool tool = call.method == "tools/call";
  if (!tool && call.method != "prompts/get") return std::nullopt;
  const Found& found = tool ? verdicts().tools : verdicts().prompts;
  const auto verdict = found.find(call.item);
  if (verdict == found.end() || !verdict->second) return std::nullopt;
  return rules_->RefuseContent(call, Part::DESCRIPTION, *verdict->second);
}

void InspectDescriptions::After(mcp::Call& call, mcp::Response& response) const {
  if (response.kind != mcp::Response::Kind::kMessage) return;
  if (const List* list = ListOf(call.method)) {
    if (!IsClean(*list)) EditList(call, *list, response.body);
  } else if (call.method == "server/discover") {
    EditIntroduction(call, response.body);
  }
}

void InspectDescriptions::EditList(mcp::Call& call, const List& list, std::string& body) const {
  const std::string_view array = mcp::Member(mcp::Member(body, "result"), list.member);
  if (!mcp::IsArray(array)) return;
  std::string passed = "[";
  bool changed = false;
  mcp::Elements elements(array);
  while (elements.Next()) {
    const std::string_view definition = elements.value();
    const std::string name = mcp::DecodeString(mcp::Member(definition, list.name));
    const policy::ToolHints hints =
        list.call == "tools/call" ? policy::HintsOf(definition) : policy::ToolHints();
    const InspectRules::Terms terms = rules_->TermsFor(list.call, name, hints);
    JsonInspector inspector(definition, terms);
    policy::LookAtDefinition(inspector, definition);
    rules_->Note(call, Part::DESCRIPTION, inspector);
    const std::optional<std::string> redacted = inspector.Redacted();
    changed = changed || redacted || inspector.blocked_by();
    if (inspector.blocked_by()) continue;
    if (passed.size() > 1) passed += ',';
    passed += redacted ? std::string_view(*redacted) : definition;
  }
  if (!changed) return;
  Splice splice(body);
  splice.Replace(array, passed += ']');
  body = splice.Finish();
}

void InspectDescriptions::EditIntroduction(mcp::Call& call, std::string& body) const {
  const InspectRules::Terms terms = rules_->TermsFor("server/discover", {}, {});
  const std::string_view result = mcp::Member(body, "result");
  if (terms.empty() || result.empty()) return;
  Splice splice(body);
  bool changed = false;
  // What stands there instead when it is blocked.
  const auto look = [&](std::string_view value, const std::string& instead) {
    if (value.empty()) return;
    JsonInspector inspector(value, terms);
    mcp::IsString(value) ? inspector.Look(value) : policy::LookAtDefinition(inspector, value);
    rules_->Note(call, Part::DESCRIPTION, inspector);
    const std::optional<std::string> redacted = inspector.Redacted();
    changed = changed || redacted || inspector.blocked_by();
    if (inspector.blocked_by()) {
      splice.Replace(value, instead);
    } else if (redacted) {
      splice.Replace(value, *redacted);
    }
  };
  const std::string nobody =
      R"({"name":)" + mcp::Quote(rules_->server().name) + R"(,"version":""})";
  mcp::Members members(result);
  while (members.Next()) {
    if (members.Is("instructions")) look(members.value(), R"("")");
    if (members.Is("serverInfo")) look(members.value(), nobody);
    if (members.Is("_meta")) look(mcp::Member(members.value(), kServerInfo), nobody);
  }
  if (changed) body = splice.Finish();
}

}  // namespace gateway
