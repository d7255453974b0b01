// How servers are, as gateways report it, with what waits for somebody. Moves no resource's revision.
#include <map>

#include "registry/catalog/catalog.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr std::size_t kMaxStages = 32;
// Of more servers the whole table is read: it holds only what differs.
constexpr std::size_t kAskOneByOne = 100;

// The statuses, each with how many definitions are held and warned of.
base::Result<std::vector<v1::ServerStatus>> WithDrift(Reader& store,
                                                      const std::vector<StoredStatus>& stored) {
  std::vector<v1::ServerStatus> statuses;
  std::map<std::string, v1::ServerStatus*, std::less<>> by_server;
  statuses.reserve(stored.size());
  std::vector<std::string> servers;
  for (const StoredStatus& one : stored) {
    v1::ServerStatus& status = statuses.emplace_back();
    status.ParseFromString(one.body);
    by_server.emplace(one.server, &status);
    if (stored.size() <= kAskOneByOne) servers.push_back(one.server);
  }
  const auto counts = store.CountDrift(servers);
  if (counts.has_error()) return counts.error();
  for (const DriftCount& count : *counts) {
    const auto found = by_server.find(count.server);
    if (found == by_server.end()) continue;
    if (count.state == v1::Drift::HELD)
      found->second->set_held(found->second->held() + count.count);
    if (count.state == v1::Drift::WARNED)
      found->second->set_warned(found->second->warned() + count.count);
  }
  return statuses;
}

}  // namespace

base::Result<void> Catalog::ReportStatus(std::span<const v1::ServerStatus> statuses) {
  if (statuses.empty()) return {};
  return store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        bool any = false;
        for (const v1::ServerStatus& status : statuses) {
          if (static_cast<std::size_t>(status.stages_size()) > kMaxStages ||
              status.ByteSizeLong() > 64 * 1024)
            continue;
          // It may just have been deleted: a gateway hears of that a moment later.
          const auto found = store.Find("Server", status.server());
          if (found.has_error()) return found.error();
          if (!*found) continue;
          const auto done = store.PutStatus({status.server(), status.SerializeAsString()});
          if (done.has_error()) return done.error();
          any = true;
        }
        return any ? Store::Then::kCommit : Store::Then::kUndo;
      },
      [&] { status_bell_.Ring(); });
}

base::Result<v1::ListStatusResponse> Catalog::ListStatus(
    const v1::ListStatusRequest& request) const {
  if (request.servers_size() > 1000) return FieldError("/servers", "at most 1,000");
  const std::vector<std::string> servers(request.servers().begin(), request.servers().end());
  const auto stored = store_.Status(servers);
  if (stored.has_error()) return stored.error();
  auto statuses = WithDrift(store_, *stored);
  if (statuses.has_error()) return statuses.error();
  v1::ListStatusResponse response;
  for (v1::ServerStatus& status : *statuses) *response.add_statuses() = std::move(status);
  return response;
}

base::Result<Catalog::StatusChanged> Catalog::StatusAfter(std::int64_t sequence, int limit) const {
  const auto stored = store_.StatusChangedAfter(sequence, limit);
  if (stored.has_error()) return stored.error();
  auto statuses = WithDrift(store_, stored->statuses);
  if (statuses.has_error()) return statuses.error();
  return StatusChanged{stored->sequence, std::move(*statuses)};
}

}  // namespace registry
