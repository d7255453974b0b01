// Put, Apply and Delete: everything that depends on what the catalog holds already.
#include <algorithm>
#include <numeric>
#include <set>

#include "registry/catalog/apply_set.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/difference.h"
#include "registry/catalog/masked.h"
#include "registry/catalog/permissions.h"
#include "registry/catalog/pins.h"
#include "registry/catalog/server_rules.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

// One write transaction: what it sees, who writes, and what becomes of it.
struct Writing {
  Transaction& store;
  const Writer& writer;
  std::int64_t now_ms;
  std::vector<v1::Change>& changes;
  // Servers whose definitions may be served in another way now.
  std::vector<std::string>& redefined;
};

struct Put {
  v1::Resource resource;
  v1::Outcome::Value outcome = v1::Outcome::UNCHANGED;
  // What was there.
  std::optional<v1::Resource> before;
};

base::Result<void> Record(const Writing& writing, const v1::Resource* before,
                          const v1::Resource* after) {
  return AppendAudit(writing.store, ChangeRecord(writing.writer, before, after), writing.now_ms);
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
    const base::auth::Principal& who = writing.writer.principal;
    CompleteServer(*resource.mutable_server(), resource.name(), server, who);
    return CheckServer(writing.store, resource.name(), resource.server(), server, who);
  }
  if (resource.has_api_key()) {
    v1::ApiKey& key = *resource.mutable_api_key();
    if (key.sha256().empty() && before) key.set_sha256(before->api_key().sha256());
    if (key.created_at_ms() == 0)
      key.set_created_at_ms(before ? before->api_key().created_at_ms() : writing.now_ms);
    if (key.sha256().empty())
      return FieldError("/spec/sha256", "is missing; keys are made with CreateKey");
  }
  if (resource.has_token()) {
    v1::Token& token = *resource.mutable_token();
    if (token.sha256().empty() && before) token.set_sha256(before->token().sha256());
    if (token.created_at_ms() == 0)
      token.set_created_at_ms(before ? before->token().created_at_ms() : writing.now_ms);
    if (token.sha256().empty())
      return FieldError("/spec/sha256", "is missing; tokens are made with CreateToken");
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
  if (const auto ok = CheckMay(writing.writer.principal, ToWrite(resource)); ok.has_error())
    return ok.error();
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
  // Who may write what it becomes must have been allowed to write what it was.
  if (before) {
    if (const auto ok = CheckMay(writing.writer.principal, ToWrite(*before)); ok.has_error())
      return ok.error();
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
  if (before && resource.has_server()) {
    const auto settled = SettleWritten(writing.store, resource, *before, writing.now_ms);
    if (settled.has_error()) return settled.error();
    if (*settled) writing.redefined.push_back(resource.name());
  }
  if (const auto ok = Record(writing, before ? &*before : nullptr, &resource); ok.has_error())
    return ok.error();
  const auto outcome = before ? v1::Outcome::CHANGED : v1::Outcome::CREATED;
  return Put{std::move(resource), outcome, std::move(before)};
}

base::Result<std::int64_t> DeleteOne(const Writing& writing, const StoredResource& stored) {
  auto before = ToResource(stored);
  if (before.has_error()) return before.error();
  if (const auto ok = CheckMay(writing.writer.principal, ToWrite(*before)); ok.has_error())
    return ok.error();
  const auto revision = writing.store.Delete(stored.kind, stored.name);
  if (revision.has_error()) return revision.error();
  v1::Change& change = writing.changes.emplace_back();
  change.set_deleted(true);
  change.mutable_resource()->set_kind(stored.kind);
  change.mutable_resource()->set_name(stored.name);
  change.mutable_resource()->set_revision(*revision);
  before->set_revision(*revision);
  if (const auto ok = Record(writing, &*before, nullptr); ok.has_error()) return ok.error();
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
      if (const auto done = DeleteOne(writing, version); done.has_error()) return done.error();
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
      if (const auto done = DeleteOne(writing, stored); done.has_error()) return done.error();
    }
  }
}

// With what cannot be without it.
base::Result<std::int64_t> DeleteWhole(const Writing& writing, const StoredResource& stored) {
  if (stored.kind == "Server") {
    if (const auto ok = DeleteVersions(writing, stored.name); ok.has_error()) return ok.error();
  }
  if (stored.kind == "Consumer") {
    if (const auto ok = DeleteKeys(writing, stored.name); ok.has_error()) return ok.error();
  }
  return DeleteOne(writing, stored);
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
    const auto revision = DeleteWhole(writing, **stored);
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

base::Result<v1::Resource> Catalog::Put(const Writer& writer, const v1::PutRequest& request) {
  if (!request.has_resource()) return FieldError("/resource", "is missing");
  if (const auto ok = Validate(request.resource()); ok.has_error()) return ok.error();
  v1::Resource result;
  std::vector<v1::Change> changes;
  std::vector<std::string> redefined;
  const auto written = store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        changes.clear();
        redefined.clear();
        v1::Resource resource = request.resource();
        resource.set_kind(KindOf(resource));
        auto put = PutOne({store, writer, clock_.UnixMillis(), changes, redefined},
                          std::move(resource), true);
        if (put.has_error()) return put.error();
        result = std::move(put->resource);
        return request.dry_run() || changes.empty() ? Store::Then::kUndo : Store::Then::kCommit;
      },
      [&] {
        Publish(changes);
        PublishDefinitions(redefined);
      });
  if (written.has_error()) return written.error();
  return result;
}

base::Result<v1::ApplyResponse> Catalog::Apply(const Writer& writer,
                                               const v1::ApplyRequest& request) {
  return ApplyAll(writer, request, Revisions::kAny, nullptr);
}

base::Result<v1::ApplyResponse> Catalog::ApplySeen(const Writer& writer,
                                                   const v1::ApplyRequest& request,
                                                   const Also& also) {
  return ApplyAll(writer, request, Revisions::kSeen, also);
}

base::Result<v1::ApplyResponse> Catalog::ApplyAll(const Writer& writer,
                                                  const v1::ApplyRequest& request,
                                                  Revisions revisions, const Also& also) {
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
  std::vector<std::string> redefined;
  const auto written = store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        changes.clear();
        redefined.clear();
        response.Clear();
        for (int i = 0; i < request.resources_size(); ++i) response.add_results();
        const Writing writing{store, writer, clock_.UnixMillis(), changes, redefined};
        for (const int index : order) {
          v1::Resource resource = request.resources(index);
          resource.set_kind(KindOf(resource));
          const auto put = PutOne(writing, std::move(resource), revisions == Revisions::kSeen);
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
        if (also) {
          if (const auto ok = also(store); ok.has_error()) return ok.error();
        }
        const bool nothing = changes.empty() && !also;
        return request.dry_run() || nothing ? Store::Then::kUndo : Store::Then::kCommit;
      },
      [&] {
        Publish(changes);
        PublishDefinitions(redefined);
      });
  if (written.has_error()) return written.error();
  return response;
}

base::Result<std::int64_t> Catalog::Delete(const Writer& writer, const v1::DeleteRequest& request) {
  if (!IsKind(request.kind()))
    return FieldError("/kind", "there is no kind '" + request.kind().substr(0, 80) + "'");
  std::int64_t revision = 0;
  std::vector<v1::Change> changes;
  std::vector<std::string> redefined;
  const auto written = store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        changes.clear();
        redefined.clear();
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
        const Writing writing{store, writer, clock_.UnixMillis(), changes, redefined};
        const auto deleted = DeleteWhole(writing, **stored);
        if (deleted.has_error()) return deleted.error();
        revision = *deleted;
        return Store::Then::kCommit;
      },
      [&] {
        Publish(changes);
        PublishDefinitions(redefined);
      });
  if (written.has_error()) return written.error();
  return revision;
}

}  // namespace registry
