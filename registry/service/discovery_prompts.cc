#include "registry/service/discovery_prompts.h"

#include <nlohmann/json.hpp>

#include "mcp/server/content.h"
#include "registry/search/answer.h"
#include "registry/search/visibility.h"
#include "registry/service/discovery_resources.h"

namespace registry {
namespace {

using base::Code;
using base::Result;
using Messages = std::vector<mcp::PromptMessage>;

constexpr int kCandidates = 5;

// A string among the arguments; Prompts has seen to it that it is one.
std::string Text(const mcp::ServedCall& call, const char* name) {
  const nlohmann::json arguments = call.arguments();
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_string() ? found->get<std::string>() : "";
}

// One line each; nothing when nothing fits.
std::string Candidates(const portolan::v1::SearchResponse& found) {
  std::string out;
  for (const auto& hit : found.hits()) {
    out += "- " + hit.id() + ": " + Brief(hit.description());
    for (int i = 0; i < hit.required_size(); ++i)
      out += (i == 0 ? " Needs " : ", ") + hit.required(i);
    out += "\n";
  }
  return out;
}

Result<Messages> FindATool(const search::Index& index, const DiscoveryOptions& options,
                           const mcp::ServedCall& call) {
  const std::string task = Text(call, "task");
  portolan::v1::SearchRequest request;
  request.set_query(task);
  request.set_k(kCandidates);
  const auto found = search::Answer(index, request, call.call().principal);
  if (!found) return base::Fail(found.error().code, "task: " + found.error().message);
  const std::string candidates = Candidates(*found);
  std::string text =
      "I want to do this:\n\n" + task +
      "\n\nFind the tools for it in this catalog. Split the task into single "
      "capabilities and ask find_tools for all of them at once, one query each; then "
      "read the schema of those you choose with describe_tool. Tell me which tools "
      "you would call, in which order and with which arguments, and what no tool here "
      "can do.";
  if (!options.gateway_public_url.empty())
    text +=
        " A tool SERVER.TOOL is called as TOOL at " + options.gateway_public_url + "/SERVER/mcp.";
  text += candidates.empty() ? "\n\nThe whole task as one query finds nothing.\n"
                             : "\n\nThe whole task as one query finds:\n" + candidates;
  return Messages{{"user", mcp::TextContent(text)}};
}

Result<Messages> UseAServer(const search::Index& index, const DiscoveryOptions& options,
                            const mcp::ServedCall& call) {
  const std::string name = Text(call, "name");
  const search::Visible visible = search::VisibleTo(call.call().principal);
  const auto server = index.FindServer(name, visible);
  if (!server) {
    const auto close = index.CloseNames(name, search::Target::kServers, 5, visible);
    return base::Fail(Code::kInvalidArgument,
                      "no server '" + Brief(name) + "'" + search::DidYouMean(close));
  }
  const std::string text =
      "Above is what the catalog knows of the MCP server " + server->name +
      ". Tell me in a few sentences what it is for, which of its tools I would use for what, and "
      "how I connect to it. Read a tool's schema with describe_tool before you rely on its "
      "arguments.";
  return Messages{{"user", mcp::EmbeddedText(ServerUri(server->name), "application/json",
                                             Dump(DescribeServer(*server, options)))},
                  {"user", mcp::TextContent(text)}};
}

using Filling = Result<Messages> (*)(const search::Index&, const DiscoveryOptions&,
                                     const mcp::ServedCall&);

mcp::Prompt MakePrompt(std::string name, const search::Index& index,
                       const DiscoveryOptions& options, Filling filling) {
  mcp::Prompt prompt;
  prompt.name = std::move(name);
  // Nothing in here waits; the closure lives in the server, longer than any call.
  prompt.fill = [&index, options, filling](mcp::ServedCall& call) -> base::Task<Result<Messages>> {
    co_return filling(index, options, call);
  };
  return prompt;
}

}  // namespace

std::vector<mcp::Prompt> DiscoveryPrompts(const search::Index& index, DiscoveryOptions options) {
  mcp::Prompt find = MakePrompt("find_a_tool", index, options, FindATool);
  find.title = "Find a tool for a task";
  find.description = "Which tools of the catalog do a task, told in plain words.";
  find.arguments = {{"task", "What is to be done, in plain words", true, {}}};

  mcp::Prompt use = MakePrompt("use_a_server", index, options, UseAServer);
  use.title = "Get to know a server";
  use.description = "What a server is for, which of its tools do what, and how to connect to it.";
  const auto complete = [&index](const mcp::Call& call, std::string_view typed) {
    return CompleteServerName(index, call, typed);
  };
  use.arguments = {{"name", "NAMESPACE/NAME, or its base path", true, complete}};
  return {find, use};
}

}  // namespace registry
