#include "gateway/backends/listing.h"

#include <set>

#include "base/auth/api_key.h"
#include "base/json.h"
#include "base/log.h"
#include "mcp/collector.h"
#include "mcp/error.h"
#include "mcp/legacy/translate.h"
#include "mcp/param_headers.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

namespace v1 = portolan::v1;
using base::Code;
using Definitions = std::vector<v1::Definition>;

constexpr int kMaxPages = 1'000;
constexpr std::size_t kMaxNameBytes = 4'096;

struct List {
  v1::DefinitionKind::Value kind;
  std::string_view capability;
  std::string_view method;
  std::string_view items;  // the result's member
  std::string_view name;   // the item's member
};

constexpr List kLists[] = {
    {v1::DefinitionKind::TOOL, "tools", "tools/list", "tools", "name"},
    {v1::DefinitionKind::PROMPT, "prompts", "prompts/list", "prompts", "name"},
    {v1::DefinitionKind::RESOURCE, "resources", "resources/list", "resources", "uri"},
    {v1::DefinitionKind::RESOURCE_TEMPLATE, "resources", "resources/templates/list",
     "resourceTemplates", "uriTemplate"},
};

// What has been gathered from all lists.
struct Gathered {
  Definitions definitions;
  std::set<std::pair<int, std::string>> names;
  std::size_t bytes = 0;
};

base::Error Wrong(const List& list, std::string what) {
  return base::Fail(Code::kDataLoss, std::string(list.method) + ": " + std::move(what));
}

base::Result<void> Gather(const List& list, std::string_view result, bool modern,
                          const BackendLimits& limits, Gathered& all) {
  const std::string_view items = mcp::Member(result, list.items);
  if (!mcp::IsArray(items))
    return Wrong(list, "the result has no array '" + std::string(list.items) + "'");
  mcp::Elements elements(items);
  while (elements.Next()) {
    const std::string_view raw = elements.value();
    const std::string name = mcp::DecodeString(mcp::Member(raw, list.name));
    if (name.empty() || name.size() > kMaxNameBytes) {
      return Wrong(list, "an item has no usable '" + std::string(list.name) + "'");
    }
    // MCP 2026-07-28, Tools: a client leaves out a tool whose headers it could not make.
    if (modern && list.kind == v1::DefinitionKind::TOOL) {
      const auto headers = mcp::ReadParamHeaders(mcp::Member(raw, "inputSchema"));
      if (!headers) {
        spdlog::warn("tool {} is left out: {}", mcp::Quote(name.substr(0, 128)),
                     headers.error().message);
        continue;
      }
    }
    // Twice the same name: the first one counts, as it does for clients.
    if (!all.names.emplace(list.kind, name).second) continue;
    const auto hash = CanonicalHash(raw);
    if (!hash) return Wrong(list, "'" + name + "': " + hash.error().message);
    all.bytes += raw.size();
    if (all.definitions.size() >= limits.max_definitions ||
        all.bytes > limits.max_definition_bytes) {
      return base::Fail(Code::kResourceExhausted,
                        std::string(list.method) + ": more than " +
                            std::to_string(limits.max_definitions) + " items or " +
                            std::to_string(limits.max_definition_bytes) + " bytes");
    }
    v1::Definition& definition = all.definitions.emplace_back();
    definition.set_kind(list.kind);
    definition.set_name(name);
    definition.set_json(std::string(raw));
    definition.set_hash(*hash);
  }
  return {};
}

}  // namespace

base::Task<base::Result<std::string>> AskServer(mcp::Handler& server, mcp::Revision revision,
                                                std::string_view method,
                                                std::string_view raw_params, std::size_t max_bytes,
                                                base::CancelSignal& cancel, mcp::Record* outcome) {
  std::string bytes = R"({"jsonrpc":"2.0","id":1,"method":)" + mcp::Quote(method) + ",\"params\":";
  bytes += raw_params;
  bytes += '}';
  if (mcp::IsModern(revision)) {
    const auto plain = mcp::Scan(bytes);
    bytes = mcp::legacy::ToModernRequest(bytes, *plain, mcp::Identity());
  }
  const auto envelope = mcp::Scan(bytes);
  if (!envelope) co_return envelope.error();
  const base::auth::Principal nobody;
  mcp::Collector client(max_bytes);
  mcp::Record record;
  mcp::Call call{.bytes = bytes,
                 .envelope = *envelope,
                 .revision = revision,
                 .principal = nobody,
                 .client = client,
                 .cancel = cancel,
                 .record = record,
                 .method = method,
                 .item = {}};
  mcp::Response response = co_await server.Handle(call);
  if (outcome) *outcome = record;
  if (response.kind == mcp::Response::Kind::kGone)
    co_return base::Fail(Code::kCancelled, "cancelled");
  // Ours, not the server's: the record says more than the caller is told.
  if (response.kind == mcp::Response::Kind::kRefused) {
    co_return base::Fail(Code::kUnavailable, record.message);
  }
  const std::string answer = client.Take(std::move(response));
  const auto scanned = mcp::Scan(answer);
  if (!scanned) co_return base::Fail(Code::kDataLoss, "the answer is not JSON-RPC");
  if (scanned->kind != mcp::Envelope::Kind::kResult) {
    co_return base::Fail(Code::kFailedPrecondition,
                         "error " + std::string(scanned->error_code.of(answer)) + ": " +
                             mcp::DecodeString(scanned->error_message.of(answer)));
  }
  co_return std::string(scanned->result.of(answer));
}

base::Task<base::Result<Definitions>> ListEverything(mcp::Handler& server, mcp::Revision revision,
                                                     std::string_view capabilities,
                                                     const BackendLimits& limits,
                                                     base::CancelSignal& cancel) {
  Gathered all;
  for (const List& list : kLists) {
    if (mcp::Member(capabilities, list.capability).empty()) continue;
    std::set<std::string> cursors;
    std::string params = "{}";
    for (int page = 0;; ++page) {
      if (page == kMaxPages) co_return Wrong(list, "more than 1000 pages");
      const auto result =
          co_await AskServer(server, revision, list.method, params, limits.max_event_bytes, cancel);
      if (!result) {
        // Servers with resources but without templates often say so like this.
        const bool optional = list.kind == v1::DefinitionKind::RESOURCE_TEMPLATE &&
                              result.error().code == Code::kFailedPrecondition;
        if (optional) break;
        co_return result.error().WithContext(list.method);
      }
      const auto gathered = Gather(list, *result, mcp::IsModern(revision), limits, all);
      if (!gathered) co_return gathered.error();
      const std::string cursor(mcp::Member(*result, "nextCursor"));
      if (!mcp::IsString(cursor)) break;
      if (!cursors.insert(cursor).second) co_return Wrong(list, "the same cursor came twice");
      params = "{\"cursor\":" + cursor + "}";
    }
  }
  co_return std::move(all.definitions);
}

base::Result<std::string> CanonicalHash(std::string_view raw_object) {
  const auto tree = base::ParseJson(raw_object);
  if (!tree) return tree.error();
  // Objects of nlohmann's are sorted by key.
  return base::auth::Hex(base::auth::Sha256(tree->dump()));
}

}  // namespace gateway
