// The DiscoveryServer is the MCP server by which agents and people find servers and tools: the
// registry's `/mcp`.
//
//   tools       find_tools, find_servers, describe_tool, describe_server     discovery_tools.h
//               request_access                                               access_tool.h
//   resources   portolan://servers/{name}                                    discovery_resources.h
//   prompts     find_a_tool, use_a_server                                    discovery_prompts.h
//   listening   a changed server is told to those who may see it, or could before; for all others
//               nothing happened
//
// Answers come from the index with the caller's own sight; what shows schemas, which are looked up,
// and request_access, which writes, run on the pool. Calls are served on `loop`; the catalog's
// changes come from any thread.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/loop.h"
#include "mcp/handler.h"
#include "mcp/server/completion.h"
#include "mcp/server/logging.h"
#include "mcp/server/prompts.h"
#include "mcp/server/resources.h"
#include "mcp/server/server.h"
#include "mcp/server/subscriptions.h"
#include "mcp/server/tools.h"
#include "registry/catalog/watch.h"
#include "registry/search/index.h"
#include "registry/service/discovery_descriptions.h"
#include "registry/service/worker_pool.h"

namespace registry {

class DiscoveryServer final : public mcp::Handler, public Observer {
 public:
  // All outlive it. REQUIRES: it hears of changes after the index: who is told asks at once.
  // `further` are tools that it lists behind its own. Without a pool everything is answered at once.
  DiscoveryServer(base::Loop& loop, const search::Index& index, const DiscoveryOptions& options,
                  std::vector<mcp::Tool> further = {}, WorkerPool* pool = nullptr);

  base::Task<mcp::Response> Handle(mcp::Call& call) override { return server_.Handle(call); }

  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions& definitions) override;

  // Listeners are sent home.
  void Drain() { subscriptions_.End(); }

 private:
  enum class Changed { kEntry, kContents };
  using Document = std::shared_ptr<const search::ServerDocument>;
  // Who may see a server.
  struct Sight {
    bool served = false;
    std::vector<std::string> audiences;

    Document Of(const std::string& name) const;
  };
  // `before` or `now` may be null.
  void Announce(std::string name, Document before, Document now, Changed changed);

  base::Loop& loop_;
  // Of the catalog's writers: of every server, as it was told of last.
  std::map<std::string, Sight, std::less<>> known_;

  // Of the loop
  mcp::Subscriptions subscriptions_;
  mcp::Tools tools_;
  mcp::Resources resources_;
  mcp::Prompts prompts_;
  mcp::Completion completion_;
  mcp::Logging logging_;
  mcp::Server server_;
};

}  // namespace registry
