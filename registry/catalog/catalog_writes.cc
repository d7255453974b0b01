// Put, Apply and Delete: everything that depends on what the catalog holds already.
#include <algorithm>
#include <numeric>
#include <set>

#include "registry/catalog/apply_set.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/dependencies.h"
#include "registry/catalog/difference.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/catalog/vault.h"
#include "registry/catalog/writing.h"

namespace registry {
namespace {

// Removals of one apply that are looked into: each walks a part of the catalog while others wait.
constexpr int kMaxWarnedOf = 100;

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
    return member.kind != "Server" && member.kind != "Consumer" && member.kind != "Credential";
  };
  std::stable_partition(absent.begin(), absent.end(), refers);
  for (const ApplySet::Member& member : absent) {
    set.Remove(member.kind, member.name);
    const auto stored = writing.store.Find(member.kind, member.name);
    if (stored.has_error()) return stored.error();
    // Gone already with what it belonged to.
    if (!*stored) continue;
    std::vector<std::string> warnings;
    if (response.results_size() - request.resources_size() < kMaxWarnedOf) {
      const auto leaning =
          Dependencies(writing.store, writing.writer.principal, member.kind, member.name);
      if (leaning.has_error()) return leaning.error();
      warnings = Warnings(leaning->dependents());
    }
    const auto revision = DeleteWhole(writing, **stored);
    if (revision.has_error()) return revision.error();
    v1::ApplyResponse::Result& result = *response.add_results();
    result.set_kind(member.kind);
    result.set_name(member.name);
    result.set_outcome(v1::Outcome::REMOVED);
    result.set_revision(*revision);
    for (const std::string& warning : warnings) result.add_warnings(warning);
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

// Servers, consumers and products before what refers to them: observers hear of changes in this order.
std::vector<int> ApplyOrder(const v1::ApplyRequest& request) {
  std::vector<int> order(static_cast<std::size_t>(request.resources_size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_partition(order.begin(), order.end(), [&](int index) {
    const v1::Resource& resource = request.resources(index);
    return resource.has_product() || resource.has_subscription();
  });
  std::stable_partition(order.begin(), order.end(),
                        [&](int index) { return request.resources(index).has_product(); });
  std::stable_partition(order.begin(), order.end(), [&](int index) {
    const v1::Resource& resource = request.resources(index);
    return resource.has_server() || resource.has_consumer();
  });
  // What servers are held against, and what they are shown, before them.
  std::stable_partition(order.begin(), order.end(), [&](int index) {
    const v1::Resource& resource = request.resources(index);
    return resource.has_metadata_schema() || resource.has_credential();
  });
  return order;
}

}  // namespace

base::Result<void> Catalog::Write(const Writer& writer, const Work& work) {
  std::vector<v1::Change> changes;
  std::vector<std::string> redefined;
  return store_.Write(
      [&](Transaction& store) -> base::Result<Store::Then> {
        changes.clear();
        redefined.clear();
        const Writing writing{store, writer, clock_.UnixMillis(), changes, redefined, vault_};
        const auto keep = work(writing);
        if (keep.has_error()) return keep.error();
        return *keep == Keep::kNothing ? Store::Then::kUndo : Store::Then::kCommit;
      },
      [&] {
        Publish(changes);
        PublishDefinitions(redefined);
      });
}

base::Result<v1::Resource> Catalog::Put(const Writer& writer, const v1::PutRequest& request) {
  if (!request.has_resource()) return FieldError("/resource", "is missing");
  if (const auto ok = Validate(request.resource()); ok.has_error()) return ok.error();
  v1::Resource result;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    v1::Resource resource = request.resource();
    resource.set_kind(KindOf(resource));
    auto put = PutOne(writing, std::move(resource), Expects::kRevision);
    if (put.has_error()) return put.error();
    result = std::move(put->resource);
    return request.dry_run() || writing.changes.empty() ? Keep::kNothing : Keep::kAll;
  });
  if (written.has_error()) return written.error();
  return result;
}

base::Result<v1::ApplyResponse> Catalog::Apply(const Writer& writer,
                                               const v1::ApplyRequest& request) {
  return ApplyAll(writer, request, Expects::kAny, nullptr);
}

base::Result<v1::ApplyResponse> Catalog::ApplySeen(const Writer& writer,
                                                   const v1::ApplyRequest& request,
                                                   const Also& also) {
  return ApplyAll(writer, request, Expects::kRevision, also);
}

base::Result<v1::ApplyResponse> Catalog::ApplyAll(const Writer& writer,
                                                  const v1::ApplyRequest& request, Expects expects,
                                                  const Also& also) {
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

  const std::vector<int> order = ApplyOrder(request);
  v1::ApplyResponse response;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    response.Clear();
    std::vector<Written> all(static_cast<std::size_t>(request.resources_size()));
    for (int i = 0; i < request.resources_size(); ++i) response.add_results();
    for (const int i : order) {
      v1::Resource resource = request.resources(i);
      resource.set_kind(KindOf(resource));
      auto put = PutOne(writing, std::move(resource), expects, References::kLater);
      if (put.has_error()) return put.error().WithContext(context(i));
      v1::ApplyResponse::Result& result = *response.mutable_results(i);
      result.set_kind(put->resource.kind());
      result.set_name(put->resource.name());
      result.set_outcome(put->outcome);
      result.set_revision(put->resource.revision());
      if (request.dry_run() && put->before) {
        for (v1::FieldChange& change : Difference(*put->before, put->resource))
          *result.add_changes() = std::move(change);
      }
      all[static_cast<std::size_t>(i)] = std::move(*put);
    }
    // Only now, so that what is applied together may stand in any order.
    for (int i = 0; i < request.resources_size(); ++i) {
      const Written& one = all[static_cast<std::size_t>(i)];
      if (one.outcome == v1::Outcome::UNCHANGED) continue;
      const auto ok =
          CheckReferences(writing.store, one.resource, one.before ? &*one.before : nullptr);
      if (ok.has_error()) return ok.error().WithContext(context(i));
    }
    if (!request.set().empty()) {
      if (const auto ok = KeepSet(writing, request, response); ok.has_error()) return ok.error();
    }
    if (also) {
      if (const auto ok = also(writing.store); ok.has_error()) return ok.error();
    }
    const bool nothing = writing.changes.empty() && !also;
    return request.dry_run() || nothing ? Keep::kNothing : Keep::kAll;
  });
  if (written.has_error()) return written.error();
  return response;
}

base::Result<std::int64_t> Catalog::ResealCredentials(const Writer& writer, const Also& also) {
  std::int64_t count = 0;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    count = 0;
    ListQuery query{.kind = "Credential", .limit = 100};
    while (true) {
      const auto page = writing.store.List(query);
      if (page.has_error()) return page.error();
      if (page->empty()) break;
      query.after_name = page->back().name;
      for (const StoredResource& stored : *page) {
        auto resource = ToResource(stored);
        if (resource.has_error()) return resource.error();
        const auto resealed = writing.vault->Reseal(*resource);
        if (resealed.has_error()) return resealed.error();
        if (*resealed == 0) continue;
        count += *resealed;
        const auto put = PutAsItIs(writing, *std::move(resource));
        if (put.has_error()) return put.error();
      }
    }
    if (const auto ok = also(writing.store); ok.has_error()) return ok.error();
    return Keep::kAll;
  });
  if (written.has_error()) return written.error();
  return count;
}

base::Result<std::int64_t> Catalog::Delete(const Writer& writer, const v1::DeleteRequest& request) {
  if (!IsKind(request.kind()))
    return FieldError("/kind", "there is no kind '" + request.kind().substr(0, 80) + "'");
  std::int64_t revision = 0;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    const auto stored = writing.store.Find(request.kind(), request.name());
    if (stored.has_error()) return stored.error();
    if (!*stored) {
      return base::Fail(base::Code::kNotFound,
                        "no " + request.kind() + " '" + request.name().substr(0, 200) + "'");
    }
    if (const auto ok = CheckSeen(request.revision(), **stored); ok.has_error()) return ok.error();
    const auto deleted = DeleteWhole(writing, **stored);
    if (deleted.has_error()) return deleted.error();
    revision = *deleted;
    return request.dry_run() ? Keep::kNothing : Keep::kAll;
  });
  if (written.has_error()) return written.error();
  return revision;
}

}  // namespace registry
