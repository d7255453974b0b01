#include "registry/service/discovery_tools.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "mcp/server/tool_server.h"
#include "registry/search/answer.h"
#include "registry/search/visibility.h"
#include "registry/service/tool_arguments.h"

namespace registry {
namespace {

using mcp::ToolResult;
using nlohmann::ordered_json;
using search::ServerDocument;
using search::ToolDocument;

constexpr std::size_t kMaxQueries = 10;
constexpr int kMaxHits = 50;
constexpr std::size_t kBriefBytes = 200;
// Schemas are left out of an answer that has grown beyond this; describe_tool still has them.
constexpr std::size_t kMaxSchemaBytes = 256 * 1024;
constexpr std::size_t kServersNamed = 12;

// One line that tells what it is about: the first, cut at a letter's end.
std::string Brief(std::string_view text) {
  std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  text.remove_prefix(begin);
  std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.size() <= kBriefBytes) return std::string(line);
  std::size_t end = kBriefBytes;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return std::string(line.substr(0, end)) + "…";
}

std::string Dump(const ordered_json& tree) {
  return tree.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// A stored schema as a tree; stored ones are valid.
ordered_json Parsed(std::string_view json) {
  ordered_json tree = ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  return tree.is_discarded() ? ordered_json::object() : tree;
}

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
      auto response = search::Answer(index_, request, call.call().principal);
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
    return Structured(Whole(*found.front().server, *found.front().tool));
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
    return Structured(Whole(*server));
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

  static ordered_json Whole(const ServerDocument& server, const ToolDocument& tool) {
    ordered_json definition = Parsed(tool.definition);
    ordered_json out = {{"id", server.ToolId(tool)}, {"server", server.name}, {"name", tool.name}};
    if (!tool.title.empty()) out["title"] = tool.title;
    out["description"] = tool.description;
    out["required"] = tool.required;
    out["schema"] = Parsed(tool.input_schema);
    if (definition.contains("outputSchema")) out["output_schema"] = definition["outputSchema"];
    if (definition.contains("annotations")) out["annotations"] = definition["annotations"];
    return out;
  }

  ordered_json Whole(const ServerDocument& server) const {
    ordered_json out = {{"name", server.name}, {"base_path", server.base_path}};
    if (!server.title.empty()) out["title"] = server.title;
    out["description"] = server.description;
    if (!server.version.empty()) out["version"] = server.version;
    if (!server.owner.empty()) out["owner"] = server.owner;
    out["tags"] = server.tags;
    if (!server.base_path.empty() && !options_.gateway_public_url.empty()) {
      out["url"] = options_.gateway_public_url + "/" + server.base_path + "/mcp";
    }
    out["tools"] = ordered_json::array();
    for (const ToolDocument& tool : server.tools) {
      out["tools"].push_back(
          {{"id", server.ToolId(tool)}, {"description", Brief(tool.description)}});
    }
    return out;
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

mcp::Tool MakeTool(const std::shared_ptr<const Discovery>& discovery, std::string name,
                   const char* schema, Answering answer) {
  mcp::Tool tool;
  tool.name = std::move(name);
  tool.input_schema = schema;
  std::erase(tool.input_schema, '\n');
  tool.annotations = kReadOnly;
  // Nothing in here waits; the closure lives in the server, longer than any call.
  tool.run = [discovery, answer](mcp::ServedCall& call) -> base::Task<base::Result<ToolResult>> {
    co_return ((*discovery).*answer)(call);
  };
  return tool;
}

}  // namespace

std::unique_ptr<mcp::Handler> MakeDiscoveryTools(const search::Index& index,
                                                 DiscoveryOptions options) {
  auto discovery = std::make_shared<const Discovery>(index, std::move(options));
  mcp::Tool find_tools = MakeTool(discovery, "find_tools", kFindToolsSchema, &Discovery::FindTools);
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
      MakeTool(discovery, "describe_tool", kDescribeToolSchema, &Discovery::DescribeTool);
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

  mcp::ServerOptions server;
  server.name = "portolan";
  server.title = "Portolan";
  server.instructions =
      "A catalog of MCP servers and their tools. Find a tool with find_tools (one capability per "
      "query) before you say "
      "that something cannot be done.";
  return std::make_unique<mcp::ToolServer>(
      std::move(server), std::vector<mcp::Tool>{find_tools, find_servers, describe_tool,
                                                describe_server, registry_search, registry_fetch});
}

}  // namespace registry
