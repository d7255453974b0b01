#include "registry/service/discovery_resources.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/auth/api_key.h"
#include "registry/search/visibility.h"

namespace registry {
namespace {

using base::Code;
using base::Result;
using search::ServerDocument;

constexpr std::string_view kServers = "portolan://servers/";
constexpr std::size_t kPageSize = 100;
// No name is longer, and so nothing that is typed of one.
constexpr std::size_t kMaxName = 200;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

mcp::Resource Listed(const ServerDocument& server) {
  mcp::Resource out;
  out.uri = ServerUri(server.name);
  out.name = server.name;
  out.title = server.title;
  out.description = Brief(server.description);
  out.mime_type = "application/json";
  return out;
}

// A cursor is the name of the last server of the page before, in base64url: servers that come and
// go meanwhile move no page.
Result<mcp::ResourcePage> List(const search::Index& index, const mcp::Call& call,
                               std::string_view cursor) {
  std::string after;
  if (!cursor.empty()) {
    const auto name =
        cursor.size() <= 2 * kMaxName ? base::auth::Base64UrlDecode(cursor) : std::nullopt;
    if (!name || name->find('/') == std::string::npos)
      return base::Fail(Code::kInvalidArgument, "cursor: not one of ours");
    after = *name;
  }
  mcp::ResourcePage page;
  for (const auto& server : index.Servers(search::VisibleTo(call.principal))) {
    if (server->name <= after) continue;
    if (page.resources.size() == kPageSize) {
      page.next = base::auth::Base64UrlEncode(page.resources.back().name);
      break;
    }
    page.resources.push_back(Listed(*server));
  }
  return page;
}

}  // namespace

std::string ServerUri(std::string_view server_name) {
  return std::string(kServers) + std::string(server_name);
}

std::vector<std::string> CompleteServerName(const search::Index& index, const mcp::Call& call,
                                            std::string_view typed) {
  if (typed.size() > kMaxName) return {};
  const std::string wanted = Lower(typed);
  std::vector<std::string> begin, hold;
  for (const auto& server : index.Servers(search::VisibleTo(call.principal))) {
    const std::string name = Lower(server->name);
    const std::size_t at = name.find(wanted);
    if (at == std::string::npos) continue;
    const bool begins = at == 0 || name.compare(name.find('/') + 1, wanted.size(), wanted) == 0;
    (begins ? begin : hold).push_back(server->name);
  }
  begin.insert(begin.end(), hold.begin(), hold.end());
  return begin;
}

mcp::ResourceTemplate ServerResources(const search::Index& index, DiscoveryOptions options) {
  mcp::ResourceTemplate out{.uri = *mcp::UriTemplate::Parse(std::string(kServers) + "{name}"),
                            .name = "server",
                            .title = "A server of the catalog",
                            .description =
                                "What it is for, where it is reached, and its tools; "
                                "'name' is NAMESPACE/NAME.",
                            .mime_type = "application/json",
                            .read = {},
                            .complete = {},
                            .list = {}};
  // The closures live in the server, longer than any call.
  out.read = [&index, options = std::move(options)](mcp::ServedCall& call,
                                                    const mcp::UriTemplate::Variables& variables)
      -> base::Task<Result<mcp::ResourceContents>> {
    const std::string& name = variables.at("name");
    const auto server = index.FindServer(name, search::VisibleTo(call.call().principal));
    // A short name finds it too, but a resource has one URI.
    if (!server || server->name != name) co_return base::Fail(Code::kNotFound, "no such server");
    co_return mcp::ResourceContents::Text("application/json",
                                          Dump(DescribeServer(*server, options)));
  };
  out.complete = [&index](const mcp::Call& call, std::string_view, std::string_view typed) {
    return CompleteServerName(index, call, typed);
  };
  out.list = [&index](const mcp::Call& call, std::string_view cursor) {
    return List(index, call, cursor);
  };
  return out;
}

}  // namespace registry
