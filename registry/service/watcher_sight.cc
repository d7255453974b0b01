#include "registry/service/watcher_sight.h"

#include <algorithm>

#include "base/auth/api_key.h"
#include "registry/catalog/permissions.h"
#include "registry/service/disclosure.h"

namespace registry {
namespace {

constexpr int kPage = 200;

// As a deletion is told.
v1::Change Gone(const v1::Resource& resource, std::int64_t revision) {
  v1::Change change;
  change.set_deleted(true);
  change.mutable_resource()->set_kind(resource.kind());
  change.mutable_resource()->set_name(resource.name());
  change.mutable_resource()->set_revision(revision);
  return change;
}

}  // namespace

WatcherSight::WatcherSight(const Catalog& catalog, const Watcher& watcher, const SeenServers& seen)
    : catalog_(catalog),
      watcher_(watcher),
      sees_everything_(May(watcher.caller.principal, Right::kView) ||
                       !watcher.caller.gateway.empty()) {
  if (watcher.resumes && !sees_everything_)
    seen(watcher.caller.principal, [this](std::string_view name) { known_.insert(Hash(name)); });
}

base::Result<void> WatcherSight::Take(v1::Change change, std::deque<v1::Change>& out) {
  const std::string& kind = change.resource().kind();
  if (!sees_everything_ && kind == "Server") return TakeServer(std::move(change), out);
  if (!sees_everything_ && kind == "ServerVersion") return TakeVersion(std::move(change), out);
  if (!change.deleted() && !MaySee(watcher_.caller, change.resource())) return {};
  if (!sees_everything_ && change.resource().has_product()) HideServers(change);
  out.push_back(std::move(change));
  return {};
}

base::Result<void> WatcherSight::TakeServer(v1::Change change, std::deque<v1::Change>& out) {
  const std::string name = change.resource().name();
  const std::int64_t revision = change.resource().revision();
  if (!change.deleted() && MaySee(watcher_.caller, change.resource())) {
    const bool is_new = known_.insert(Hash(name)).second;
    out.push_back(std::move(change));
    // From the beginning they come by themselves.
    const bool versions_are_new = follows_ ? is_new : watcher_.resumes;
    return versions_are_new ? TellVersions(name, /*gone=*/false, out) : base::Result<void>();
  }
  if (known_.erase(Hash(name)) == 0) {
    if (!watcher_.resumes || follows_) return {};
    return base::Fail(base::Code::kOutOfRange,
                      "what this caller sees has changed since then; list again");
  }
  if (!change.deleted()) {
    if (const auto ok = TellVersions(name, /*gone=*/true, out); ok.has_error()) return ok;
  }
  out.push_back(Gone(change.resource(), revision));
  return {};
}

base::Result<void> WatcherSight::TakeVersion(v1::Change change, std::deque<v1::Change>& out) {
  const std::string& name = change.resource().name();
  const std::string server = name.substr(0, name.find('@'));
  const bool knows_server = known_.contains(Hash(server));
  if (change.deleted()) {
    if (known_.erase(Hash(name)) > 0 || knows_server) out.push_back(std::move(change));
    return {};
  }
  // A version may come before its server.
  if (!knows_server && !Sees(server)) return {};
  known_.insert(Hash(name));
  out.push_back(std::move(change));
  return {};
}

void WatcherSight::HideServers(v1::Change& change) const {
  auto& servers = *change.mutable_resource()->mutable_product()->mutable_servers();
  servers.erase(std::remove_if(servers.begin(), servers.end(),
                               [this](const std::string& name) { return !Sees(name); }),
                servers.end());
}

bool WatcherSight::Sees(const std::string& server) const {
  const auto found = catalog_.Get("Server", server);
  return found.has_value() && MaySee(watcher_.caller, *found);
}

base::Result<void> WatcherSight::TellVersions(const std::string& server, bool gone,
                                              std::deque<v1::Change>& out) const {
  if (!watcher_.versions) return {};
  const std::string prefix = server + "@";
  v1::ListRequest request;
  request.set_kind("ServerVersion");
  request.set_page_size(kPage);
  request.set_page_token(base::auth::Base64UrlEncode(prefix));
  do {
    auto page = catalog_.List(request);
    if (page.has_error()) return page.error();
    for (v1::Resource& version : *page->mutable_resources()) {
      if (!version.name().starts_with(prefix)) return {};
      if (gone) {
        out.push_back(Gone(version, version.revision()));
      } else {
        *out.emplace_back().mutable_resource() = std::move(version);
      }
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return {};
}

}  // namespace registry
