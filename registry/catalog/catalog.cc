#include "registry/catalog/catalog.h"

#include "base/auth/api_key.h"
#include "registry/catalog/dependencies.h"
#include "registry/catalog/replay.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;

base::Result<void> CheckKind(std::string_view kind) {
  if (IsKind(kind)) return {};
  return FieldError("/kind", kind.empty()
                                 ? "is missing"
                                 : "there is no kind '" + std::string(kind.substr(0, 80)) + "'");
}

}  // namespace

Catalog::Catalog(Store& store, const base::Clock& clock, Vault* vault)
    : store_(store), clock_(clock), vault_(vault) {
  if (const auto revision = store_.Revision(); revision.has_value()) revision_ = *revision;
}

base::Result<v1::Resource> Catalog::Get(std::string_view kind, std::string_view name) const {
  if (const auto ok = CheckKind(kind); ok.has_error()) return ok.error();
  auto found = store_.Find(kind, name);
  if (found.has_error()) return found.error();
  if (!*found && kind == "Server") {
    const auto by_path = store_.FindBasePath(name);
    if (by_path.has_error()) return by_path.error();
    if (*by_path) found = store_.Find(kind, **by_path);
    if (found.has_error()) return found.error();
  }
  if (!*found) {
    return base::Fail(base::Code::kNotFound,
                      "no " + std::string(kind) + " '" + std::string(name.substr(0, 200)) + "'");
  }
  return ToResource(**found);
}

base::Result<v1::ListDependenciesResponse> Catalog::ListDependencies(
    const base::auth::Principal& who, std::string_view kind, std::string_view name) const {
  if (const auto ok = CheckKind(kind); ok.has_error()) return ok.error();
  return Dependencies(store_, who, kind, name);
}

base::Result<v1::ListResponse> Catalog::List(const v1::ListRequest& request) const {
  if (const auto ok = CheckKind(request.kind()); ok.has_error()) return ok.error();
  if (request.page_size() < 0 || request.page_size() > kMaxPage) {
    return FieldError("/page_size", "must be 1 to 1,000");
  }
  const int page_size = request.page_size() == 0 ? kDefaultPage : request.page_size();
  const auto after = base::auth::Base64UrlDecode(request.page_token());
  if (!after) return FieldError("/page_token", "is none of ours");
  if (request.tags_size() > 64) return FieldError("/tags", "at most 64");

  v1::ListResponse response;
  // Before the rows: a change in between is then seen again by who watches from here, never missed.
  response.set_revision(revision());
  const auto rows = store_.List({request.kind(),
                                 *after,
                                 page_size + 1,
                                 {request.tags().begin(), request.tags().end()},
                                 request.owner()});
  if (rows.has_error()) return rows.error();
  for (const StoredResource& row : *rows) {
    if (response.resources_size() == page_size) {
      response.set_next_page_token(
          base::auth::Base64UrlEncode(response.resources(page_size - 1).name()));
      break;
    }
    auto resource = ToResource(row);
    if (resource.has_error()) return resource.error();
    *response.add_resources() = std::move(*resource);
  }
  return response;
}

base::Result<Catalog::Changes> Catalog::ChangesAfter(Position& position,
                                                     std::span<const std::string> kinds,
                                                     std::size_t max_bytes) const {
  const auto stored = store_.Changes({position.revision, {kinds.begin(), kinds.end()}, max_bytes});
  if (stored.has_error()) return stored.error();
  if (position.began_at < 0) {
    // Who begins with nothing needs no deletions before now.
    position.began_at = position.revision == 0 ? stored->revision : position.revision;
  }
  if (position.revision > stored->revision || position.began_at < stored->forgotten) {
    return base::Fail(base::Code::kOutOfRange,
                      "revision " + std::to_string(position.revision) +
                          " is not in the change log any more; list again");
  }
  Changes result;
  result.more = stored->more;
  for (const StoredResource& row : stored->changes) {
    auto change = ToChange(row);
    if (change.has_error()) return change.error();
    result.changes.push_back(std::move(*change));
  }
  position.revision = stored->more ? stored->changes.back().revision : stored->revision;
  return result;
}

std::int64_t Catalog::revision() const { return revision_.load(std::memory_order_acquire); }

base::Result<void> Catalog::Attach(std::span<Observer* const> observers) {
  // Inside a transaction nobody else writes, so nothing is missed between the replay and the first
  // change.
  return store_.Write([&](Transaction& all) -> base::Result<Store::Then> {
    if (const auto ok = Replay(all, observers); ok.has_error()) return ok.error();
    observers_.insert(observers_.end(), observers.begin(), observers.end());
    return Store::Then::kUndo;
  });
}

void Catalog::Publish(const std::vector<v1::Change>& changes) {
  if (changes.empty()) return;
  for (Observer* observer : observers_) observer->OnChanges(changes);
  revision_.store(changes.back().resource().revision(), std::memory_order_release);
  bell_.Ring();
}

}  // namespace registry
