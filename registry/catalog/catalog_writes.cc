// Put, Apply and Delete: everything that depends on what the catalog holds already.
#include <algorithm>
#include <numeric>
#include <set>

#include "registry/catalog/apply_set.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/difference.h"
#include "registry/catalog/masked.h"
#include "registry/catalog/names.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr int kMaxSuggestions = 100;
constexpr int kMaxAliases = 16;

// One write transaction: what it sees, who writes, and what becomes of it.
struct Writing {
  Transaction& store;
  const base::auth::Principal& writer;
  std::int64_t now_ms;
  std::vector<v1::Change>& changes;
};

struct Put {
  v1::Resource resource;
  v1::Outcome::Value outcome = v1::Outcome::UNCHANGED;
  // What was there.
  std::optional<v1::Resource> before;
};

bool IsAdmin(const base::auth::Principal& writer) { return writer.HasRole("admin"); }

// ---- A server's own fields

void CompleteServer(v1::Server& server, const std::string& name, const v1::Server* before,
                    bool admin) {
  if (server.approval() == v1::Approval::UNSPECIFIED) {
    server.set_approval(before  ? before->approval()
                        : admin ? v1::Approval::APPROVED
                                : v1::Approval::DRAFT);
  }
  if (server.lifecycle() == v1::Lifecycle::UNSPECIFIED) {
    server.set_lifecycle(before ? before->lifecycle() : v1::Lifecycle::PRODUCTION);
  }
  if (!server.has_endpoint()) return;
  if (server.base_path().empty()) {
    server.set_base_path(before && !before->base_path().empty() ? before->base_path()
                                                                : DefaultBasePath(name));
  }
  if (!before) return;
  // Old addresses go on leading here; aliases that are given replace those from before.
  auto& aliases = *server.mutable_base_path_aliases();
  if (aliases.empty()) aliases = before->base_path_aliases();
  const auto own = std::find(aliases.begin(), aliases.end(), server.base_path());
  if (own != aliases.end()) aliases.erase(own);
  const std::string& old = before->base_path();
  if (!old.empty() && old != server.base_path() &&
      std::find(aliases.begin(), aliases.end(), old) == aliases.end() &&
      aliases.size() < kMaxAliases) {
    *aliases.Add() = old;
  }
}

base::Result<bool> IsTaken(Transaction& store, const std::string& base_path,
                           const std::string& server) {
  const auto leads_to = store.FindBasePath(base_path);
  if (leads_to.has_error()) return leads_to.error();
  return *leads_to && **leads_to != server;
}

base::Result<void> CheckBasePathIsFree(Transaction& store, const std::string& pointer,
                                       const std::string& base_path, const std::string& server) {
  const auto leads_to = store.FindBasePath(base_path);
  if (leads_to.has_error()) return leads_to.error();
  if (!*leads_to || **leads_to == server) return {};
  std::string message = pointer + ": '" + base_path + "' leads to " + **leads_to + " already";
  for (int n = 0; n < kMaxSuggestions; ++n) {
    const std::string free = BasePathSuggestion(server, base_path, n);
    if (!IsLabel(free) || IsReservedBasePath(free) || free == base_path) continue;
    const auto taken = IsTaken(store, free, server);
    if (taken.has_error()) return taken.error();
    if (!*taken) {
      message += "; '" + free + "' is free";
      break;
    }
  }
  return base::Fail(base::Code::kAlreadyExists, message);
}

base::Result<void> CheckServer(const Writing& writing, const std::string& name,
                               const v1::Server& server, const v1::Server* before) {
  if (server.endpoint().has_stdio() && !IsAdmin(writing.writer)) {
    return base::Fail(base::Code::kPermissionDenied,
                      "/spec/endpoint/stdio: starts a program, so only role admin may write it");
  }
  if (!IsAdmin(writing.writer)) {
    if (server.approval() != (before ? before->approval() : v1::Approval::DRAFT)) {
      return base::Fail(base::Code::kPermissionDenied,
                        "/spec/approval: only role admin may change it");
    }
  }
  if (!server.has_endpoint()) return {};
  if (server.base_path().empty()) {
    return FieldError("/spec/base_path", "is missing, and none can be made of '" + name + "'");
  }
  if (IsReservedBasePath(server.base_path())) {
    return FieldError("/spec/base_path", "'" + server.base_path() + "' is reserved; give another");
  }
  if (const auto ok =
          CheckBasePathIsFree(writing.store, "/spec/base_path", server.base_path(), name);
      ok.has_error()) {
    return ok.error();
  }
  for (int i = 0; i < server.base_path_aliases_size(); ++i) {
    const auto ok =
        CheckBasePathIsFree(writing.store, "/spec/base_path_aliases/" + std::to_string(i),
                            server.base_path_aliases(i), name);
    if (ok.has_error()) return ok.error();
  }
  return {};
}

// ---- References to others

base::Result<void> CheckExists(Transaction& store, std::string_view pointer, std::string_view kind,
                               const std::string& name) {
  const auto found = store.Find(kind, name);
  if (found.has_error()) return found.error();
  if (*found) return {};
  return FieldError(pointer, "there is no " + std::string(kind) + " '" + name.substr(0, 200) + "'");
}

base::Result<void> CheckReferences(Transaction& store, const v1::Resource& resource) {
  switch (resource.spec_case()) {
    case v1::Resource::kServerVersion:
      return CheckExists(store, "/name", "Server",
                         resource.name().substr(0, resource.name().find('@')));
    case v1::Resource::kPolicySet: {
      const v1::Attachment& attach = resource.policy_set().attach();
      if (attach.has_server())
        return CheckExists(store, "/spec/attach/server", "Server", attach.server());
      if (attach.has_consumer())
        return CheckExists(store, "/spec/attach/consumer", "Consumer", attach.consumer());
      return {};
    }
    case v1::Resource::kApiKey:
      return CheckExists(store, "/spec/consumer", "Consumer", resource.api_key().consumer());
    default: return {};
  }
}

// ---- One resource

base::Result<void> Complete(const Writing& writing, v1::Resource& resource,
                            const v1::Resource* before) {
  if (resource.has_server()) {
    const v1::Server* server = before ? &before->server() : nullptr;
    if (const auto ok = KeepMasked(*resource.mutable_server(), server); ok.has_error())
      return ok.error();
    CompleteServer(*resource.mutable_server(), resource.name(), server, IsAdmin(writing.writer));
    return CheckServer(writing, resource.name(), resource.server(), server);
  }
  if (resource.has_api_key()) {
    v1::ApiKey& key = *resource.mutable_api_key();
    if (key.sha256().empty() && before) key.set_sha256(before->api_key().sha256());
    if (key.created_at_ms() == 0)
      key.set_created_at_ms(before ? before->api_key().created_at_ms() : writing.now_ms);
    if (key.sha256().empty())
      return FieldError("/spec/sha256", "is missing; keys are made with CreateKey");
  }
  return {};
}

base::Result<void> CompareRevision(const v1::Resource& resource,
                                   const std::optional<StoredResource>& stored) {
  const std::string what = resource.kind() + " '" + resource.name() + "'";
  if (resource.revision() == 0 && stored) {
    return base::Fail(base::Code::kAlreadyExists, "/name: " + what + " exists, at revision " +
                                                      std::to_string(stored->revision));
  }
  if (resource.revision() != 0 && !stored) {
    return base::Fail(base::Code::kAborted, "/revision: " + what + " does not exist (any more)");
  }
  if (stored && resource.revision() != stored->revision) {
    return base::Fail(base::Code::kAborted, "/revision: " + what + " has changed since revision " +
                                                std::to_string(resource.revision()) +
                                                "; it is now at " +
                                                std::to_string(stored->revision));
  }
  return {};
}

// REQUIRES: Validate(resource), and its kind is set.
base::Result<Put> PutOne(const Writing& writing, v1::Resource resource, bool compare_revision) {
  const auto stored = writing.store.Find(resource.kind(), resource.name());
  if (stored.has_error()) return stored.error();
  if (compare_revision) {
    if (const auto ok = CompareRevision(resource, *stored); ok.has_error()) return ok.error();
  }
  std::optional<v1::Resource> before;
  if (*stored) {
    auto parsed = ToResource(**stored);
    if (parsed.has_error()) return parsed.error();
    before = std::move(*parsed);
  }
  if (const auto ok = Complete(writing, resource, before ? &*before : nullptr); ok.has_error())
    return ok.error();

  const std::string spec = SpecBytes(resource);
  if (before && spec == (*stored)->spec) {
    return Put{std::move(*before), v1::Outcome::UNCHANGED, std::nullopt};
  }
  if (const auto ok = CheckReferences(writing.store, resource); ok.has_error()) return ok.error();

  const auto revision = writing.store.Put(resource.kind(), resource.name(), spec,
                                          ColumnsOf(resource), writing.now_ms);
  if (revision.has_error()) return revision.error();
  resource.set_revision(*revision);
  resource.set_updated_at_ms(writing.now_ms);
  resource.set_created_at_ms(before ? before->created_at_ms() : writing.now_ms);
  *writing.changes.emplace_back().mutable_resource() = resource;
  const auto outcome = before ? v1::Outcome::CHANGED : v1::Outcome::CREATED;
  return Put{std::move(resource), outcome, std::move(before)};
}

base::Result<std::int64_t> DeleteOne(const Writing& writing, const std::string& kind,
                                     const std::string& name) {
  const auto revision = writing.store.Delete(kind, name);
  if (revision.has_error()) return revision.error();
  v1::Change& change = writing.changes.emplace_back();
  change.set_deleted(true);
  change.mutable_resource()->set_kind(kind);
  change.mutable_resource()->set_name(name);
  change.mutable_resource()->set_revision(*revision);
  return revision;
}

base::Result<void> DeleteVersions(const Writing& writing, const std::string& server) {
  const std::string prefix = server + "@";
  ListQuery query{.kind = "ServerVersion", .after_name = prefix, .limit = 100};
  while (true) {
    const auto versions = writing.store.List(query);
    if (versions.has_error()) return versions.error();
    for (const StoredResource& version : *versions) {
      if (!version.name.starts_with(prefix)) return {};
      if (const auto done = DeleteOne(writing, version.kind, version.name); done.has_error())
        return done.error();
    }
    if (versions->empty()) return {};
  }
}

// A key without its consumer would prove somebody who is not there.
base::Result<void> DeleteKeys(const Writing& writing, const std::string& consumer) {
  ListQuery query{.kind = "ApiKey", .limit = 100};
  while (true) {
    const auto keys = writing.store.List(query);
    if (keys.has_error()) return keys.error();
    if (keys->empty()) return {};
    query.after_name = keys->back().name;
    for (const StoredResource& stored : *keys) {
      const auto key = ToResource(stored);
      if (key.has_error()) return key.error();
      if (key->api_key().consumer() != consumer) continue;
      if (const auto done = DeleteOne(writing, stored.kind, stored.name); done.has_error())
        return done.error();
    }
  }
}

// With what cannot be without it.
base::Result<std::int64_t> DeleteWhole(const Writing& writing, const std::string& kind,
                                       const std::string& name) {
  if (kind == "Server") {
    if (const auto ok = DeleteVersions(writing, name); ok.has_error()) return ok.error();
  }
  if (kind == "Consumer") {
    if (const auto ok = DeleteKeys(writing, name); ok.has_error()) return ok.error();
  }
  return DeleteOne(writing, kind, name);
}

// Removes the set's members that the request lacks.
base::Result<void> Prune(const Writing& writing, const v1::ApplyRequest& request, ApplySet& set,
                         v1::ApplyResponse& response) {
  std::set<std::pair<std::string, std::string>> listed;
  for (const v1::Resource& resource : request.resources())
    listed.emplace(KindOf(resource), resource.name());
  std::vector<ApplySet::Member> absent;
  for (const ApplySet::Member& member : set.members()) {
    if (!listed.contains({member.kind, member.name})) absent.push_back(member);
  }
  // What refers to others before those, so that only what stays is warned of.
  const auto refers = [](const ApplySet::Member& member) {
    return member.kind != "Server" && member.kind != "Consumer";
  };
  std::stable_partition(absent.begin(), absent.end(), refers);
  for (const ApplySet::Member& member : absent) {
    set.Remove(member.kind, member.name);
    const auto stored = writing.store.Find(member.kind, member.name);
    if (stored.has_error()) return stored.error();
    // Gone already with what it belonged to.
    if (!*stored) continue;
    const auto warnings = WhatLeansOn(writing.store, member.kind, member.name);
    if (warnings.has_error()) return warnings.error();
    const auto revision = DeleteWhole(writing, member.kind, member.name);
    if (revision.has_error()) return revision.error();
    v1::ApplyResponse::Result& result = *response.add_results();
    result.set_kind(member.kind);
    result.set_name(member.name);
    result.set_outcome(v1::Outcome::REMOVED);
    result.set_revision(*revision);
    for (const std::string& warning : *warnings) result.add_warnings(warning);
  }
  return {};
}

// Remembers what this apply created, and prunes.
base::Result<void> KeepSet(const Writing& writing, const v1::ApplyRequest& request,
                           v1::ApplyResponse& response) {
  auto set = ApplySet::Read(writing.store, request.set());
  if (set.has_error()) return set.error();
  if (request.prune()) {
    if (const auto ok = Prune(writing, request, *set, response); ok.has_error()) return ok.error();
  }
  for (const v1::ApplyResponse::Result& result : response.results()) {
    if (result.outcome() == v1::Outcome::CREATED)
      set->Add({result.kind(), result.name(), writing.now_ms});
  }
  return set->Write(writing.store);
}

// Servers and consumers before what refers to them.
int ApplyOrder(const v1::Resource& resource) {
  return resource.has_server() || resource.has_consumer() ? 0 : 1;
}

}  // namespace

base::Result<v1::Resource> Catalog::Put(const base::auth::Principal& writer,
                                        const v1::PutRequest& request) {
  if (!request.has_resource()) return FieldError("/resource", "is missing");
  if (const auto ok = Validate(request.resource()); ok.has_error()) return ok.error();
  v1::Resource result;
  std::vector<v1::Change> changes;
  const auto written = store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        changes.clear();
        v1::Resource resource = request.resource();
        resource.set_kind(KindOf(resource));
        auto put = PutOne({store, writer, clock_.UnixMillis(), changes}, std::move(resource), true);
        if (put.has_error()) return put.error();
        result = std::move(put->resource);
        return request.dry_run() || changes.empty() ? Store::Then::kUndo : Store::Then::kCommit;
      },
      [&] { Publish(changes); });
  if (written.has_error()) return written.error();
  return result;
}

base::Result<v1::ApplyResponse> Catalog::Apply(const base::auth::Principal& writer,
                                               const v1::ApplyRequest& request) {
  if (request.prune() && request.set().empty())
    return FieldError("/set", "is missing: prune removes only what a set made");
  const auto context = [&](int index) {
    const v1::Resource& resource = request.resources(index);
    return "resource " + std::to_string(index) + ", " + KindOf(resource) + " '" +
           resource.name().substr(0, 80) + "'";
  };
  for (int i = 0; i < request.resources_size(); ++i) {
    if (const auto ok = Validate(request.resources(i)); ok.has_error())
      return ok.error().WithContext(context(i));
  }
  std::vector<int> order(static_cast<std::size_t>(request.resources_size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return ApplyOrder(request.resources(a)) < ApplyOrder(request.resources(b));
  });

  v1::ApplyResponse response;
  std::vector<v1::Change> changes;
  const auto written = store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        changes.clear();
        response.Clear();
        for (int i = 0; i < request.resources_size(); ++i) response.add_results();
        const Writing writing{store, writer, clock_.UnixMillis(), changes};
        for (const int index : order) {
          v1::Resource resource = request.resources(index);
          resource.set_kind(KindOf(resource));
          const auto put = PutOne(writing, std::move(resource), false);
          if (put.has_error()) return put.error().WithContext(context(index));
          v1::ApplyResponse::Result& result = *response.mutable_results(index);
          result.set_kind(put->resource.kind());
          result.set_name(put->resource.name());
          result.set_outcome(put->outcome);
          result.set_revision(put->resource.revision());
          if (request.dry_run() && put->before) {
            for (v1::FieldChange& change : Difference(*put->before, put->resource))
              *result.add_changes() = std::move(change);
          }
        }
        if (!request.set().empty()) {
          if (const auto ok = KeepSet(writing, request, response); ok.has_error())
            return ok.error();
        }
        return request.dry_run() || changes.empty() ? Store::Then::kUndo : Store::Then::kCommit;
      },
      [&] { Publish(changes); });
  if (written.has_error()) return written.error();
  return response;
}

base::Result<std::int64_t> Catalog::Delete(const base::auth::Principal& writer,
                                           const v1::DeleteRequest& request) {
  if (!IsKind(request.kind()))
    return FieldError("/kind", "there is no kind '" + request.kind().substr(0, 80) + "'");
  std::int64_t revision = 0;
  std::vector<v1::Change> changes;
  const auto written = store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        changes.clear();
        const auto stored = store.Find(request.kind(), request.name());
        if (stored.has_error()) return stored.error();
        if (!*stored) {
          return base::Fail(base::Code::kNotFound,
                            "no " + request.kind() + " '" + request.name().substr(0, 200) + "'");
        }
        if (request.revision() != 0 && request.revision() != (*stored)->revision) {
          return base::Fail(base::Code::kAborted, "/revision: it has changed since; it is now at " +
                                                      std::to_string((*stored)->revision));
        }
        const Writing writing{store, writer, clock_.UnixMillis(), changes};
        const auto deleted = DeleteWhole(writing, request.kind(), request.name());
        if (deleted.has_error()) return deleted.error();
        revision = *deleted;
        return Store::Then::kCommit;
      },
      [&] { Publish(changes); });
  if (written.has_error()) return written.error();
  return revision;
}

}  // namespace registry
