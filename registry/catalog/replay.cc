#include "registry/catalog/replay.h"

#include <future>
#include <unordered_set>
#include <vector>

#include "registry/catalog/drift.h"
#include "registry/catalog/stored_form.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr std::size_t kPartBytes = 1 << 20;

struct Part {
  std::vector<v1::ServerDefinitions> definitions;
  std::vector<v1::Change> changes;
  std::int64_t last = 0;
  bool more = false;
};

base::Result<Part> ReadPart(Reader& all, const std::unordered_set<std::string>& listed,
                            std::int64_t after) {
  const auto stored = all.Changes({after, {}, kPartBytes});
  if (stored.has_error()) return stored.error();
  Part part;
  part.more = stored->more;
  for (const StoredResource& row : stored->changes) {
    part.last = row.revision;
    if (row.deleted) continue;
    auto change = ToChange(row);
    if (change.has_error()) return change.error();
    part.changes.push_back(std::move(*change));
    if (row.kind != "Server" || !listed.contains(row.name)) continue;
    const auto definitions = all.Definitions(row.name);
    if (definitions.has_error()) return definitions.error();
    if (*definitions) part.definitions.push_back(Served(row.name, **definitions));
  }
  return part;
}

void Tell(Observer& observer, const Part& part) {
  for (const v1::ServerDefinitions& definitions : part.definitions)
    observer.OnDefinitions(definitions);
  if (!part.changes.empty()) observer.OnChanges(part.changes);
}

}  // namespace

base::Result<void> Replay(Reader& all, std::span<Observer* const> observers) {
  const auto servers = all.DefinitionsChangedAfter(0, -1);
  if (servers.has_error()) return servers.error();
  const std::unordered_set<std::string> listed(servers->servers.begin(), servers->servers.end());

  auto part = ReadPart(all, listed, 0);
  while (part.has_value()) {
    std::vector<std::future<void>> told;
    for (Observer* observer : observers) {
      told.push_back(
          std::async(std::launch::async, [observer, &now = *part] { Tell(*observer, now); }));
    }
    base::Result<Part> next = Part();
    if (part->more) next = ReadPart(all, listed, part->last);
    for (std::future<void>& one : told) one.get();
    if (!part->more) return {};
    part = std::move(next);
  }
  return part.error();
}

}  // namespace registry
