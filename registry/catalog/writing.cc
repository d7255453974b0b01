#include "registry/catalog/writing.h"

#include <algorithm>

#include "registry/catalog/audit.h"
#include "registry/catalog/credential_use.h"
#include "registry/catalog/lifecycle.h"
#include "registry/catalog/masked.h"
#include "registry/catalog/metadata.h"
#include "registry/catalog/permissions.h"
#include "registry/catalog/pins.h"
#include "registry/catalog/references.h"
#include "registry/catalog/server_rules.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/subscription_rules.h"
#include "registry/catalog/validate.h"
#include "registry/catalog/vault.h"

namespace registry {
namespace {

base::Result<void> Record(const Writing& writing, const v1::Resource* before,
                          const v1::Resource* after) {
  return AppendAudit(writing.store, ChangeRecord(writing.writer, before, after), writing.now_ms);
}

// ---- One resource

base::Result<void> Complete(const Writing& writing, v1::Resource& resource,
                            const v1::Resource* before) {
  const auto may_use =
      CheckCredentialUse(writing.store, resource, before, writing.writer.principal);
  if (may_use.has_error()) return may_use.error();
  if (resource.has_server()) {
    const v1::Server* server = before ? &before->server() : nullptr;
    if (const auto ok = KeepMasked(*resource.mutable_server(), server); ok.has_error())
      return ok.error();
    const base::auth::Principal& who = writing.writer.principal;
    CompleteServer(*resource.mutable_server(), resource.name(), server, who);
    CompleteMetadata(*resource.mutable_server());
    if (const auto ok = CheckMetadata(writing.store, resource.server(), server); ok.has_error())
      return ok.error();
    return CheckServer(writing.store, resource.name(), resource.server(), server, who);
  }
  if (resource.has_credential()) {
    if (writing.vault) return writing.vault->Seal(resource, before);
    return base::Fail(base::Code::kFailedPrecondition,
                      "this registry has no key to seal secrets with");
  }
  if (resource.has_api_key()) {
    v1::ApiKey& key = *resource.mutable_api_key();
    if (key.sha256().empty() && before) key.set_sha256(before->api_key().sha256());
    if (key.created_at_ms() == 0)
      key.set_created_at_ms(before ? before->api_key().created_at_ms() : writing.now_ms);
    if (key.sha256().empty())
      return FieldError("/spec/sha256", "is missing; keys are made with CreateKey");
  }
  if (resource.has_subscription()) return CompleteSubscription(writing, resource, before);
  if (resource.has_token()) {
    v1::Token& token = *resource.mutable_token();
    if (token.sha256().empty() && before) token.set_sha256(before->token().sha256());
    if (token.created_at_ms() == 0)
      token.set_created_at_ms(before ? before->token().created_at_ms() : writing.now_ms);
    if (token.sha256().empty())
      return FieldError("/spec/sha256", "is missing; tokens are made with CreateToken");
  }
  // The same again (an export) changes nothing, and may stand.
  if (resource.has_access_request() && !(before && SpecBytes(*before) == SpecBytes(resource))) {
    return base::Fail(base::Code::kFailedPrecondition,
                      "/kind: requests are made with RequestAccess and decided with DecideAccess");
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

// REQUIRES: it may be written, and is complete.
base::Result<Written> Write(const Writing& writing, v1::Resource resource,
                            std::optional<v1::Resource> before, References references) {
  const v1::Resource* old = before ? &*before : nullptr;
  if (resource.has_server()) {
    NoteEnd(*resource.mutable_server(), old ? &old->server() : nullptr,
            old ? old->updated_at_ms() : 0, writing.now_ms);
  }
  const std::string spec = SpecBytes(resource);
  if (old && spec == SpecBytes(*old)) {
    return Written{std::move(*before), v1::Outcome::UNCHANGED, std::nullopt};
  }
  if (references == References::kNow) {
    if (const auto ok = CheckReferences(writing.store, resource, old); ok.has_error())
      return ok.error();
  }
  const auto revision = writing.store.Put(resource.kind(), resource.name(), spec,
                                          ColumnsOf(resource), writing.now_ms);
  if (revision.has_error()) return revision.error();
  resource.set_revision(*revision);
  resource.set_updated_at_ms(writing.now_ms);
  resource.set_created_at_ms(old ? old->created_at_ms() : writing.now_ms);
  *writing.changes.emplace_back().mutable_resource() = resource;
  if (old && resource.has_server()) {
    const auto settled = SettleWritten(writing.store, resource, *old, writing.now_ms);
    if (settled.has_error()) return settled.error();
    if (*settled) writing.redefined.push_back(resource.name());
  }
  if (const auto ok = Record(writing, old, &resource); ok.has_error()) return ok.error();
  const auto outcome = old ? v1::Outcome::CHANGED : v1::Outcome::CREATED;
  return Written{std::move(resource), outcome, std::move(before)};
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

// Those to a product, or of a consumer; their keys with them.
base::Result<void> DeleteSubscriptions(const Writing& writing, const StoredResource& of) {
  ListQuery query{.kind = "Subscription", .limit = 100};
  if (of.kind == "Consumer") query.owner = "consumer/" + of.name;
  while (true) {
    const auto page = writing.store.List(query);
    if (page.has_error()) return page.error();
    if (page->empty()) return {};
    query.after_name = page->back().name;
    for (const StoredResource& stored : *page) {
      const auto resource = ToResource(stored);
      if (resource.has_error()) return resource.error();
      if (of.kind == "Product" && resource->subscription().product() != of.name) continue;
      if (const auto done = DeleteWhole(writing, stored); done.has_error()) return done.error();
    }
  }
}

// Who gets its name later is somebody else, and inherits nothing.
base::Result<void> UnbindToken(const Writing& writing, const std::string& token) {
  ListQuery query{.kind = "RoleBinding", .limit = 100};
  while (true) {
    const auto bindings = writing.store.List(query);
    if (bindings.has_error()) return bindings.error();
    if (bindings->empty()) return {};
    query.after_name = bindings->back().name;
    for (const StoredResource& stored : *bindings) {
      auto binding = ToResource(stored);
      if (binding.has_error()) return binding.error();
      v1::Resource after = *binding;
      auto& subjects = *after.mutable_role_binding()->mutable_subjects();
      const auto gone = std::remove(subjects.begin(), subjects.end(), "token:" + token);
      if (gone == subjects.end()) continue;
      subjects.erase(gone, subjects.end());
      if (subjects.empty()) {
        if (const auto done = DeleteOne(writing, stored); done.has_error()) return done.error();
        continue;
      }
      const auto done = Write(writing, std::move(after), std::move(*binding), References::kNow);
      if (done.has_error()) return done.error();
    }
  }
}

}  // namespace

base::Result<void> CheckReferences(Transaction& store, const v1::Resource& resource,
                                   const v1::Resource* before) {
  const std::vector<Reference> known = before ? ReferencesOf(*before) : std::vector<Reference>();
  for (const Reference& reference : ReferencesOf(resource)) {
    // What was right when it was written is not asked again: others must be able to go.
    if (!reference.must_exist || std::find(known.begin(), known.end(), reference) != known.end())
      continue;
    const auto found = store.Find(reference.kind, reference.name);
    if (found.has_error()) return found.error();
    if (*found) continue;
    return FieldError(reference.pointer,
                      "there is no " + reference.kind + " '" + reference.name.substr(0, 200) + "'");
  }
  return {};
}

base::Result<Written> PutOne(const Writing& writing, v1::Resource resource, Expects expects,
                             References references) {
  if (const auto ok = CheckMay(writing.writer.principal, ToWrite(resource)); ok.has_error())
    return ok.error();
  const auto stored = writing.store.Find(resource.kind(), resource.name());
  if (stored.has_error()) return stored.error();
  if (expects == Expects::kRevision) {
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
  return Write(writing, std::move(resource), std::move(before), references);
}

base::Result<void> PutAsItIs(const Writing& writing, v1::Resource resource) {
  const auto revision = writing.store.Put(resource.kind(), resource.name(), SpecBytes(resource),
                                          ColumnsOf(resource), writing.now_ms);
  if (revision.has_error()) return revision.error();
  resource.set_revision(*revision);
  resource.set_updated_at_ms(writing.now_ms);
  *writing.changes.emplace_back().mutable_resource() = std::move(resource);
  return {};
}

base::Result<Written> ChangeOne(const Writing& writing, v1::Resource resource,
                                const StoredResource& stored) {
  auto before = ToResource(stored);
  if (before.has_error()) return before.error();
  return Write(writing, std::move(resource), std::move(*before), References::kNow);
}

base::Result<Written> AddOne(const Writing& writing, v1::Resource resource) {
  return Write(writing, std::move(resource), std::nullopt, References::kNow);
}

base::Result<std::int64_t> DeleteWhole(const Writing& writing, const StoredResource& stored) {
  if (stored.kind == "Server") {
    if (const auto ok = DeleteVersions(writing, stored.name); ok.has_error()) return ok.error();
  }
  if (stored.kind == "Token") {
    if (const auto ok = UnbindToken(writing, stored.name); ok.has_error()) return ok.error();
  }
  if (stored.kind == "Product" || stored.kind == "Consumer") {
    const auto ok = DeleteSubscriptions(writing, stored);
    if (ok.has_error()) return ok.error();
  }
  if (stored.kind == "Consumer") {
    if (const auto ok = DeleteKeys(writing, stored.name); ok.has_error()) return ok.error();
  }
  if (stored.kind == "Subscription") {
    const auto subscription = ToResource(stored);
    if (subscription.has_error()) return subscription.error();
    if (const auto ok = DeleteKeysOf(writing, *subscription); ok.has_error()) return ok.error();
  }
  return DeleteOne(writing, stored);
}

base::Result<void> CheckSeen(std::int64_t seen, const StoredResource& stored) {
  if (seen == 0 || seen == stored.revision) return {};
  return base::Fail(base::Code::kAborted, "/revision: it has changed since; it is now at " +
                                              std::to_string(stored.revision));
}

}  // namespace registry
