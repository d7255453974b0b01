#include "cli/demo_catalog.h"

#include "base/manifest.h"

namespace cli {
namespace {

constexpr std::string_view kServer = R"(
kind: Server
name: local/demo
spec:
  title: Demo
  description: Echo, addition, the weather of a few cities, and a tool that takes its time. Ships with Portolan.
  base_path: demo
  owner: portolan
  tags: [demo]
)";

constexpr std::string_view kPolicySet = R"(
kind: PolicySet
name: demo
spec:
  attach: {server: local/demo}
  explain: true
  rules:
  - id: patience
    select: {methods: [tools/call], tools: [slow]}
    rate_limit: {calls: 10, per_s: 60, key: principal.id}
)";

v1::Resource Read(std::string_view text) {
  v1::Resource resource;
  auto tree = base::ParseYamlOrJson(text);
  if (tree) (void)base::ReadJson(*tree, resource);
  return resource;
}

base::Result<bool> Exists(RegistryClient& registry, const v1::Resource& wanted,
                          v1::Resource& found) {
  v1::GetRequest request;
  request.set_kind(wanted.kind());
  request.set_name(wanted.name());
  auto got = registry.Get(request);
  if (got) {
    found = std::move(*got->mutable_resource());
    return true;
  }
  if (got.error().code == base::Code::kNotFound) return false;
  return got.error();
}

}  // namespace

base::Result<void> RegisterDemo(RegistryClient& registry, const std::string& url) {
  v1::ApplyRequest request;
  v1::Resource server = Read(kServer);
  auto known = Exists(registry, server, server);
  if (!known) return known.error();
  server.clear_revision();
  server.mutable_server()->mutable_endpoint()->mutable_streamable_http()->set_url(url);
  *request.add_resources() = server;

  v1::Resource policy = Read(kPolicySet);
  auto governed = Exists(registry, policy, policy);
  if (!governed) return governed.error();
  if (!*governed) *request.add_resources() = policy;
  auto applied = registry.Apply(request);
  if (!applied) return applied.error();
  return {};
}

}  // namespace cli
