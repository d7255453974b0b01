#include "registry/service/discovery_tools.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "registry/search/answer.h"
#include "registry/search/visibility.h"
#include "registry/service/tool_arguments.h"

namespace registry {
namespace {

using mcp::ToolResult;
using nlohmann::ordered_json;

constexpr std::size_t kMaxQueries = 10;
constexpr int kMaxHits = 50;
// Schemas are left out of an answer that has grown beyond this; describe_tool still has them.
constexpr std::size_t kMaxSchemaBytes = 256 * 1024;
constexpr std::size_t kServersNamed = 12;

double Rounded(double score) { return std::round(score * 1000) / 1000; }

ToolResult Structured(const ordered_json& tree) { return ToolResult::Structured(Dump(tree)); }

class Discovery {
 public:
  Discovery(const search::Index& index, DiscoveryOptions options)
      : index_(index), options_(std::move(options)) {}

  ToolResult FindTools(mcp::ServedCall& call) const {
    ToolArguments arguments(call.arguments());
    std::vector<std::string> queries = arguments.RequiredTexts("queries", kMaxQueries);
    portolan::v1::SearchRequest request;
    request.set_k(static_cast<int>(arguments.Integer("k", search::kDefaultHits, 1, kMaxHits)));
    request.set_server(arguments.Text("server"));
    bool with_schema = arguments.OneOf("detail", {"brief", "schema"}) == "schema";
    request.set_cursor(arguments.Text("cursor"));
    if (auto problem = arguments.Problem()) return ToolResult::Error(*problem);
    if (!request.cursor().empty() && queries.size() != 1) {
      return ToolResult::Error("cursor: goes with the one query it was given for");
    }
    std::size_t room = with_schema ? kMaxSchemaBytes : 0;
    ordered_json results = ordered_json::array();
    for (std::string& query : queries) {
      request.set_query(std::move(query));
      auto response = search::Answer(index_, request, call.call().principal,
                                     with_schema ? search::Schemas::kYes : search::Schemas::kNo);
      if (!response) return ToolResult::Error(response.error().message);
      results.push_back(ToolHits(request.query(), *response, room));
    }
    return Structured({{"results", std::move(results)}});
  }

  ToolResult FindServers(mcp::ServedCall& call) const {
    ToolArguments arguments(call.arguments());
    portolan::v1::SearchRequest request;
    request.set_target(portolan::v1::SearchTarget::SERVERS);
    request.set_query(arguments.RequiredText("query"));
    request.set_k(static_cast<int>(arguments.Integer("k", search::kDefaultHits, 1, kMaxHits)));
    request.set_cursor(arguments.Text("cursor"));
    if (auto problem = arguments.Problem()) return ToolResult::Error(*problem);
    auto response = search::Answer(index_, request, call.call().principal);
    if (!response) return ToolResult::Error(response.error().message);
    ordered_json servers = ordered_json::array();
    for (const auto& hit : response->hits()) {
      servers.push_back({{"name", hit.server()},
                         {"base_path", hit.base_path()},
                         {"description", Brief(hit.description())},
                         {"tools", hit.tools()},
                         {"score", Rounded(hit.score())}});
    }
    ordered_json out = {{"servers", std::move(servers)}};
    if (!response->next_cursor().empty()) out["cursor"] = response->next_cursor();
    if (!response->hint().empty()) out["hint"] = response->hint();
    return Structured(out);
  }

  ToolResult DescribeTool(mcp::ServedCall& call) const {
    ToolArguments arguments(call.arguments());
    std::string id = arguments.RequiredText("id");
    if (auto problem = arguments.Problem()) return ToolResult::Error(*problem);
    search::Visible visible = search::VisibleTo(call.call().principal);
    std::vector<search::Hit> found = index_.FindTools(id, visible);
    if (found.empty()) {
      auto close = index_.CloseNames(id, search::Target::kTools, 5, visible);
      return ToolResult::Error("no tool '" + Brief(id) + "'" + search::DidYouMean(close) +
                               OrFind(close, "find_tools"));
    }
    if (found.size() > 1) {
      std::vector<std::string> ids;
      for (std::size_t i = 0; i < found.size() && i < 5; ++i)
        ids.push_back(found[i].server->ToolId(*found[i].tool));
      return ToolResult::Error("several servers have a tool '" + Brief(id) + "'" +
                               search::DidYouMean(ids));
    }
    const search::Hit& one = found.front();
    const std::string definition = index_.Definition(*one.server, *one.tool);
    if (definition.empty() && index_.looks_up())
      return ToolResult::Error("no tool '" + Brief(id) + "' any more");
    return Structured(registry::DescribeTool(*one.server, *one.tool, definition));
  }

  ToolResult DescribeServer(mcp::ServedCall& call) const {
    ToolArguments arguments(call.arguments());
    std::string name = arguments.RequiredText("name");
    if (auto problem = arguments.Problem()) return ToolResult::Error(*problem);
    search::Visible visible = search::VisibleTo(call.call().principal);
    auto server = index_.FindServer(name, visible);
    if (!server) {
      auto close = index_.CloseNames(name, search::Target::kServers, 5, visible);
      return ToolResult::Error("no server '" + Brief(name) + "'" + search::DidYouMean(close) +
                               OrFind(close, "find_servers"));
    }
    return Structured(registry::DescribeServer(*server, options_));
  }

  // An agent passes over a tool that could be about anything: say what this caller can find.
  std::string Reach(const mcp::Call& call) const {
    std::size_t tools = 0;
    std::string names;
    auto servers = index_.Servers(search::VisibleTo(call.principal));
    for (std::size_t i = 0; i < servers.size(); ++i) {
      tools += servers[i]->tools.size();
      if (i >= kServersNamed) continue;
      if (i > 0) names += ", ";
      names += servers[i]->base_path.empty() ? servers[i]->name : servers[i]->base_path;
    }
    if (servers.size() > kServersNamed) names += ", …";
    std::string text = std::to_string(tools) + (tools == 1 ? " tool of " : " tools of ") +
                       std::to_string(servers.size()) +
                       (servers.size() == 1 ? " server" : " servers");
    return names.empty() ? text : text + " (" + names + ")";
  }

 private:
  static std::string OrFind(const std::vector<std::string>& close, const char* tool) {
    return close.empty() ? std::string("; search with ") + tool : "";
  }

  static ordered_json ToolHits(const std::string& query,
                               const portolan::v1::SearchResponse& response, std::size_t& room) {
    ordered_json tools = ordered_json::array();
    for (const auto& hit : response.hits()) {
      ordered_json tool = {{"id", hit.id()},
                           {"server", hit.server()},
                           {"name", hit.tool()},
                           {"description", room > 0 ? hit.description() : Brief(hit.description())},
                           {"required", ordered_json(hit.required())},
                           {"score", Rounded(hit.score())}};
      if (hit.input_schema_json().size() < room) {
        tool["schema"] = Parsed(hit.input_schema_json());
        room -= hit.input_schema_json().size();
      }
      tools.push_back(std::move(tool));
    }
    ordered_json result = {{"query", query}, {"tools", std::move(tools)}};
    if (!response.next_cursor().empty()) result["cursor"] = response.next_cursor();
    if (!response.hint().empty()) result["hint"] = response.hint();
    return result;
  }

  const search::Index& index_;
  const DiscoveryOptions options_;
};

constexpr char kFindToolsSchema[] = R"({"type":"object","properties":{
"queries":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":10,"description":"One capability each, in plain words: 'create an issue', 'read a file'"},
"k":{"type":"integer","minimum":1,"maximum":50,"default":5,"description":"Tools for each query"},
"server":{"type":"string","description":"Only this server's tools"},
"detail":{"type":"string","enum":["brief","schema"],"default":"brief","description":"schema: with each tool's input schema"},
"cursor":{"type":"string","description":"Of the result before, with its one query"}},
"required":["queries"],"additionalProperties":false})";
constexpr char kFindServersSchema[] = R"({"type":"object","properties":{
"query":{"type":"string","description":"What the server is for, in plain words"},
"k":{"type":"integer","minimum":1,"maximum":50,"default":5},
"cursor":{"type":"string","description":"Of the result before"}},
"required":["query"],"additionalProperties":false})";
constexpr char kDescribeToolSchema[] = R"({"type":"object","properties":{
"id":{"type":"string","description":"SERVER.TOOL, as find_tools gives it"}},
"required":["id"],"additionalProperties":false})";
constexpr char kDescribeServerSchema[] = R"({"type":"object","properties":{
"name":{"type":"string","description":"As find_servers gives it, or its base path"}},
"required":["name"],"additionalProperties":false})";
constexpr char kReadOnly[] = R"({"readOnlyHint":true,"openWorldHint":false})";

using Answering = ToolResult (Discovery::*)(mcp::ServedCall&) const;

base::Task<base::Result<ToolResult>> OnThe(DiscoveryPool where, const Discovery& discovery,
                                           Answering answer, mcp::ServedCall& call) {
  const auto work = [&] { return (discovery.*answer)(call); };
  OnPool working(*where.pool, *where.loop, work);
  co_return co_await working;
}

// With a pool: it looks things up in the store, which the loop does not wait for.
mcp::Tool MakeTool(const std::shared_ptr<const Discovery>& discovery, std::string name,
                   const char* schema, Answering answer, DiscoveryPool where = {}) {
  mcp::Tool tool;
  tool.name = std::move(name);
  tool.input_schema = schema;
  std::erase(tool.input_schema, '\n');
  tool.annotations = kReadOnly;
  // The closure lives in the server, longer than any call.
  tool.run = [discovery, answer,
              where](mcp::ServedCall& call) -> base::Task<base::Result<ToolResult>> {
    if (where.pool) co_return co_await OnThe(where, *discovery, answer, call);
    co_return ((*discovery).*answer)(call);
  };
  return tool;
}

}  // namespace

std::vector<mcp::Tool> DiscoveryTools(const search::Index& index, DiscoveryOptions options,
                                      DiscoveryPool where) {
  auto discovery = std::make_shared<const Discovery>(index, std::move(options));
  mcp::Tool find_tools =
      MakeTool(discovery, "find_tools", kFindToolsSchema, &Discovery::FindTools, where);
  find_tools.title = "Find tools";
  find_tools.describe = [discovery](const mcp::Call& call) {
    return "Finds the tools for a task among " + discovery->Reach(call) +
           ". One capability per query, several queries at once: a task of three steps is three "
           "queries. Brief results "
           "name each tool's id and required parameters; describe_tool, or detail 'schema', gives "
           "the whole schema.";
  };
  mcp::Tool find_servers =
      MakeTool(discovery, "find_servers", kFindServersSchema, &Discovery::FindServers);
  find_servers.title = "Find servers";
  find_servers.describe = [discovery](const mcp::Call& call) {
    return "Finds MCP servers by what they are for or what their tools do, among " +
           discovery->Reach(call) + ". One capability per query.";
  };
  mcp::Tool describe_tool =
      MakeTool(discovery, "describe_tool", kDescribeToolSchema, &Discovery::DescribeTool, where);
  describe_tool.title = "Describe a tool";
  describe_tool.description =
      "Everything about one tool: its description and its input and output schema.";
  mcp::Tool describe_server =
      MakeTool(discovery, "describe_server", kDescribeServerSchema, &Discovery::DescribeServer);
  describe_server.title = "Describe a server";
  describe_server.description =
      "Everything about one server: what it is for, where it is reached, and its tools.";
  // Names that other registries use.
  mcp::Tool registry_search =
      MakeTool(discovery, "registry_search", kFindServersSchema, &Discovery::FindServers);
  registry_search.unlisted = true;
  mcp::Tool registry_fetch =
      MakeTool(discovery, "registry_fetch", kDescribeServerSchema, &Discovery::DescribeServer);
  registry_fetch.unlisted = true;

  return {find_tools,      find_servers,    describe_tool,
          describe_server, registry_search, registry_fetch};
}

}  // namespace registry
