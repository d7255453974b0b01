#include "gateway/routing/definitions.h"

#include <algorithm>
#include <array>

#include "mcp/error.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"
#include "mcp/revision.h"
#include "portolan/v1/fleet_service.pb.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

// What a modern result must have (MCP 2026-07-28, Caching); older clients pass over it. Short,
// since what the catalog says is in force within a second; private, since a later rule may hide
// items from some callers.
constexpr std::string_view kFreshness =
    R"("resultType":"complete","ttlMs":5000,"cacheScope":"private")";

std::string ListResult(std::string_view member, const v1::ServerDefinitions& definitions,
                       v1::DefinitionKind::Value kind) {
  std::string result = "{\"";
  result.append(member).append("\":[");
  bool first = true;
  for (const v1::Definition& definition : definitions.definitions()) {
    if (definition.kind() != kind || !mcp::IsObject(definition.json())) continue;
    if (!first) result += ',';
    result += definition.json();
    first = false;
  }
  return result.append("],").append(kFreshness).append("}");
}

std::string DiscoverResult(const v1::ServerInfo& info, std::string_view capabilities) {
  std::string result = R"({"supportedVersions":[)";
  bool first = true;
  for (const mcp::Revision revision : mcp::SupportedRevisions()) {
    if (!first) result += ',';
    result += mcp::Quote(mcp::ToString(revision));
    first = false;
  }
  result.append(R"(],"capabilities":)").append(capabilities);
  if (!info.instructions().empty())
    result.append(R"(,"instructions":)").append(mcp::Quote(info.instructions()));
  const std::string& server_info = info.server_info_json();
  result.append(R"(,"_meta":{"io.modelcontextprotocol/serverInfo":)")
      .append(mcp::IsObject(server_info) && mcp::IsJson(server_info)
                  ? server_info
                  : R"({"name":"portolan","version":"0.1.0"})")
      .append("},")
      .append(kFreshness)
      .append("}");
  return result;
}

// The tasks of 2025-11-25 and those of the extension are not the same thing.
std::string WithoutTasks(std::string_view capabilities) {
  std::string out = "{";
  mcp::Members members(capabilities);
  while (members.Next()) {
    if (members.Is("tasks")) continue;
    if (out.size() > 1) out += ',';
    out.append(members.key()).append(":").append(members.value());
  }
  return out + "}";
}

OfferedItems::State StateOf(const v1::HeldDefinition& held, bool listed) {
  if (held.state() == v1::Drift::REJECTED) return OfferedItems::State::kRejected;
  return listed ? OfferedItems::State::kChanged : OfferedItems::State::kNew;
}

// The definitions of one kind, one after the other, where a ListResult holds them.
class Listed {
 public:
  Listed(std::string_view list, std::string_view member)
      : list_(list), at_(std::string_view(R"({"":[)").size() + member.size()) {}

  // Of the next one, which has that length.
  std::string_view Next(std::size_t size) {
    const std::string_view definition = list_.substr(at_, size);
    at_ += size + 1;  // and the comma
    return definition;
  }

 private:
  const std::string_view list_;
  std::size_t at_;
};

// `tools` and `prompts` are the ListResults: what these say of themselves is kept there.
std::shared_ptr<const OfferedItems> ItemsOf(const v1::ServerDefinitions& definitions,
                                            std::shared_ptr<const std::string> tools,
                                            std::shared_ptr<const std::string> prompts) {
  auto items = std::make_shared<OfferedItems>();
  Listed listed_tools(*tools, "tools");
  Listed listed_prompts(*prompts, "prompts");
  items->HoldText(std::move(tools));
  items->HoldText(std::move(prompts));
  for (const v1::Definition& definition : definitions.definitions()) {
    const bool is_json = mcp::IsObject(definition.json());
    const std::string_view json = is_json ? std::string_view(definition.json()) : "{}";
    constexpr auto kServed = OfferedItems::State::kServed;
    switch (definition.kind()) {
      case v1::DefinitionKind::TOOL:
        if (is_json) {
          items->AddTool(definition.name(), kServed, policy::HintsOf(json),
                         listed_tools.Next(json.size()));
        } else {
          items->AddTool(definition.name(), kServed, policy::HintsOf(json));
        }
        break;
      case v1::DefinitionKind::PROMPT:
        items->AddPrompt(definition.name(), kServed,
                         is_json ? listed_prompts.Next(json.size()) : std::string_view());
        break;
      case v1::DefinitionKind::RESOURCE:
        items->AddResource(mcp::DecodeString(mcp::Member(json, "uri")));
        break;
      case v1::DefinitionKind::RESOURCE_TEMPLATE:
        items->AddTemplate(mcp::DecodeString(mcp::Member(json, "uriTemplate")));
        break;
      default: break;
    }
  }
  for (const v1::HeldDefinition& held : definitions.held()) {
    const std::string_view method =
        held.kind() == v1::DefinitionKind::TOOL ? "tools/call" : "prompts/get";
    const bool listed = items->Find(method, held.name()) != nullptr;
    const policy::ToolHints hints = items->HintsOf(held.name());
    if (held.kind() == v1::DefinitionKind::TOOL)
      items->AddTool(held.name(), StateOf(held, listed), hints);
    if (held.kind() == v1::DefinitionKind::PROMPT)
      items->AddPrompt(held.name(), StateOf(held, listed));
  }
  return items;
}

}  // namespace

DefinitionLists::DefinitionLists(const v1::ServerDefinitions& definitions) {
  const v1::ServerInfo& info = definitions.info();
  const std::string& told = info.capabilities_json();
  const std::string_view capabilities =
      mcp::IsObject(told) && mcp::IsJson(told) ? std::string_view(told) : "{}";
  discover_same_era_ = DiscoverResult(info, capabilities);
  discover_other_era_ = DiscoverResult(info, WithoutTasks(capabilities));
  const auto& revisions = info.protocol_revisions();
  modern_server_ = std::any_of(revisions.begin(), revisions.end(), [](const std::string& text) {
    const auto revision = mcp::ParseRevision(text);
    return revision && mcp::IsModern(*revision);
  });
  subscribes_ =
      told.empty() || mcp::Member(mcp::Member(capabilities, "resources"), "subscribe") == "true";
  auto list = [&](std::string_view capability, std::string_view member,
                  v1::DefinitionKind::Value kind) {
    const bool offered =
        std::any_of(definitions.definitions().begin(), definitions.definitions().end(),
                    [&](const v1::Definition& definition) { return definition.kind() == kind; });
    // A server that lists items without declaring them is believed.
    const bool declared = told.empty() || !mcp::Member(capabilities, capability).empty();
    return offered || declared ? ListResult(member, definitions, kind) : std::string();
  };
  if (modern_server_) {
    for (const v1::Definition& definition : definitions.definitions()) {
      if (definition.kind() != v1::DefinitionKind::TOOL) continue;
      auto headers = mcp::ReadParamHeaders(mcp::Member(definition.json(), "inputSchema"));
      if (headers && !headers->empty()) repeated_.emplace(definition.name(), *std::move(headers));
    }
  }
  tools_ = std::make_shared<const std::string>(list("tools", "tools", v1::DefinitionKind::TOOL));
  prompts_ =
      std::make_shared<const std::string>(list("prompts", "prompts", v1::DefinitionKind::PROMPT));
  items_ = ItemsOf(definitions, tools_, prompts_);
  resources_ = list("resources", "resources", v1::DefinitionKind::RESOURCE);
  templates_ = list("resources", "resourceTemplates", v1::DefinitionKind::RESOURCE_TEMPLATE);
}

const DefinitionLists& DefinitionLists::Empty() {
  static const DefinitionLists empty{v1::ServerDefinitions()};
  return empty;
}

std::string_view DefinitionLists::ResultOf(std::string_view method, bool modern_caller) const {
  if (method == mcp::kDiscoverMethod)
    return modern_caller == modern_server_ ? discover_same_era_ : discover_other_era_;
  if (method == "tools/list") return *tools_;
  if (method == "prompts/list") return *prompts_;
  if (method == "resources/list") return resources_;
  if (method == "resources/templates/list") return templates_;
  return {};
}

const mcp::ParamHeaders* DefinitionLists::repeated_of(std::string_view tool) const {
  if (repeated_.empty()) return nullptr;
  const auto found = repeated_.find(tool);
  return found == repeated_.end() ? nullptr : &found->second;
}

bool IsListOrDiscover(std::string_view method) {
  constexpr std::array<std::string_view, 5> kMethods = {
      "tools/list", "prompts/list", "resources/list", "resources/templates/list",
      mcp::kDiscoverMethod};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

mcp::Response AnswerFrom(const DefinitionLists& lists, const mcp::Call& call) {
  // We answer whole lists, so no cursor is ours (MCP, Pagination).
  if (!call.envelope.cursor.empty()) {
    mcp::CallError error;
    error.code = mcp::kInvalidParams;
    error.message = "Unknown cursor: this list has one page.";
    return mcp::Response::Message(mcp::ErrorMessage(call.id(), error, call.record.request_id));
  }
  // The handshake of an older caller asks as a modern one would; its record tells what it speaks.
  const auto spoken = mcp::ParseRevision(call.record.protocol_revision);
  const std::string_view result =
      lists.ResultOf(call.method, mcp::IsModern(spoken.value_or(call.revision)));
  if (result.empty()) {
    mcp::CallError error;
    error.code = mcp::kMethodNotFound;
    error.message = "Method not found: the server does not offer " + std::string(call.method) + ".";
    error.reason = "MethodNotFound";
    return mcp::Response::Message(mcp::ErrorMessage(call.id(), error, call.record.request_id));
  }
  constexpr std::string_view kHead = R"({"jsonrpc":"2.0","id":)";
  constexpr std::string_view kMiddle = R"(,"result":)";
  std::string body;
  body.reserve(kHead.size() + call.id().size() + kMiddle.size() + result.size() + 1);
  body.append(kHead).append(call.id()).append(kMiddle).append(result).append("}");
  return mcp::Response::Message(std::move(body));
}

}  // namespace gateway
