#include "registry/sync/merge.h"

#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <optional>
#include <set>

#include "registry/catalog/permissions.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/import/current_version.h"
#include "registry/import/resources.h"
#include "registry/store/store.h"

namespace registry::sync {
namespace {

using base::Code;
using google::protobuf::util::MessageDifferencer;

// Somebody may write in between; then what they wrote is read again.
constexpr int kAttempts = 10;
constexpr int kMaxProblems = 100;
// Of this machine: nobody else's registry names it.
constexpr std::string_view kOwnNamespace = "local";

base::auth::Principal PrincipalOf(const std::string& source, const v1::SyncSource& spec) {
  base::auth::Principal principal;
  principal.id = "sync/" + source;
  principal.kind = base::auth::PrincipalKind::kService;
  principal.authentication = "sync";
  principal.roles = {base::auth::RoleGrant(RoleWith(Right::kPublish))};
  if (!spec.drafts()) principal.roles.emplace_back(RoleWith(Right::kApprove));
  return principal;
}

// A server of the page, with those of its versions that change.
struct Group {
  v1::Resource server;
  bool server_changes = false;
  std::vector<v1::Resource> versions;
};

class Merging {
 public:
  Merging(Catalog& catalog, Reader& store, const std::string& source, const v1::SyncSource& spec,
          const UpstreamPage& page, const v1::SyncProgress& before, std::int64_t now_ms)
      : catalog_(catalog),
        store_(store),
        source_(source),
        spec_(spec),
        principal_(PrincipalOf(source, spec)),
        page_(page),
        before_(before),
        now_ms_(now_ms) {}

  base::Result<v1::SyncProgress> Run() {
    for (int attempt = 1;; ++attempt) {
      if (const auto read = ReadPage(); read.has_error()) return read.error();
      auto written = WriteAll();
      if (written.has_error() && IsOfOne(written.error())) written = WriteOneByOne();
      if (!written.has_error()) return std::move(progress_);
      const Code code = written.error().code;
      const bool again = code == Code::kAborted || code == Code::kAlreadyExists;
      if (!again || attempt == kAttempts) return written.error();
    }
  }

 private:
  static bool IsOfOne(const base::Error& error) {
    return error.code == Code::kInvalidArgument || error.code == Code::kPermissionDenied ||
           error.code == Code::kFailedPrecondition;
  }

  // ---- What the page means here

  base::Result<void> ReadPage() {
    progress_ = before_;
    groups_.clear();
    in_the_way_.clear();
    taken_.clear();
    v1::SyncStatus& status = *progress_.mutable_status();
    for (const UpstreamEntry& entry : page_.entries) {
      status.set_read(status.read() + 1);
      if (const auto taken = Take(entry); taken.has_error()) return taken.error();
    }
    status.set_pages(status.pages() + 1);
    progress_.set_cursor(page_.next_cursor);
    if (page_.next_cursor.empty()) {
      progress_.set_under_way(false);
      status.set_state(v1::SyncState::DONE);
      status.set_ended_at_ms(now_ms_);
    }
    return {};
  }

  bool IsWanted(std::string_view name) const {
    const std::string name_space(NamespaceOf(name));
    if (name_space == kOwnNamespace) return false;
    if (spec_.namespaces_size() == 0) return true;
    const base::auth::RoleGrant taken(
        "", std::vector<std::string>(spec_.namespaces().begin(), spec_.namespaces().end()));
    return taken.Covers(name_space);
  }

  base::Result<void> Take(const UpstreamEntry& entry) {
    v1::SyncStatus& status = *progress_.mutable_status();
    if (!IsWanted(entry.name)) {
      status.set_left_out(status.left_out() + 1);
      return {};
    }
    auto imported = import::ToResources(entry.server_json);
    if (imported.has_error()) return Refuse(entry, imported.error().message);
    auto& version = *imported->version.mutable_server_version();
    version.set_status(entry.status);
    version.set_status_message(entry.status_message);
    for (const v1::Resource* resource : {&imported->version, &imported->server}) {
      if (const auto ok = Validate(*resource); ok.has_error())
        return Refuse(entry, ok.error().message);
    }
    if (in_the_way_.contains(entry.name)) return {};
    if (!taken_.insert(imported->version.name()).second)
      return Refuse(entry, "it is on this page twice");
    const auto known = catalog_.Get("ServerVersion", imported->version.name());
    if (known.has_error() && known.error().code != Code::kNotFound) return known.error();
    const bool deleted = entry.status == v1::VersionStatus::DELETED;
    if (known.has_error() && deleted)
      return Count(&v1::SyncStatus::unchanged, &v1::SyncStatus::set_unchanged);
    const auto group = GroupOf(entry.name);
    if (group.has_error()) return group.error();
    if (!*group) return {};
    if (known.has_value()) {
      const auto mine = IsMine("ServerVersion", known->name(), known->created_at_ms());
      if (mine.has_error()) return mine.error();
      const bool same = MessageDifferencer::Equals(known->server_version(), version);
      if (!*mine && !same) {
        Tell(entry.name, entry.version, "somebody here published this version", true);
        return {};
      }
      imported->version.set_revision(known->revision());
      if (same) {
        Count(&v1::SyncStatus::unchanged, &v1::SyncStatus::set_unchanged);
      } else {
        Count(&v1::SyncStatus::changed, &v1::SyncStatus::set_changed);
        if (deleted && known->server_version().status() != v1::VersionStatus::DELETED)
          Count(&v1::SyncStatus::deleted, &v1::SyncStatus::set_deleted);
      }
      if (!same) (*group)->versions.push_back(std::move(imported->version));
    } else {
      Count(&v1::SyncStatus::created, &v1::SyncStatus::set_created);
      (*group)->versions.push_back(std::move(imported->version));
    }
    if (deleted) return {};
    v1::Server& server = *(*group)->server.mutable_server();
    const v1::Server was = server;
    FollowNewest(server, imported->server.server());
    if (!MessageDifferencer::Equals(was, server)) (*group)->server_changes = true;
    return {};
  }

  // Null: it is somebody else's.
  base::Result<Group*> GroupOf(const std::string& name) {
    if (const auto found = groups_.find(name); found != groups_.end()) return &found->second;
    auto known = catalog_.Get("Server", name);
    if (known.has_error() && known.error().code != Code::kNotFound) return known.error();
    Group group;
    if (known.has_value() && known->name() == name) {
      const auto mine = IsMine("Server", name, known->created_at_ms());
      if (mine.has_error()) return mine.error();
      if (!*mine) {
        in_the_way_.insert(name);
        Tell(name, "", reason_, true);
        return nullptr;
      }
      group.server = std::move(*known);
    } else {
      group.server.set_kind("Server");
      group.server.set_name(name);
      group.server.mutable_server()->set_approval(spec_.drafts() ? v1::Approval::DRAFT
                                                                 : v1::Approval::APPROVED);
      group.server_changes = true;
    }
    return &groups_.emplace(name, std::move(group)).first->second;
  }

  // What a source brought that is no more belongs to the next that brings it.
  base::Result<bool> IsMine(std::string_view kind, const std::string& name,
                            std::int64_t created_at_ms) {
    const auto member = store_.SyncMember(kind, name);
    if (member.has_error()) return member.error();
    reason_ = "somebody here made this server";
    if (!*member || (*member)->created_at_ms != created_at_ms) return false;
    if ((*member)->source == source_) return true;
    const auto other = store_.Find("SyncSource", (*member)->source);
    if (other.has_error()) return other.error();
    reason_ = "the source '" + (*member)->source + "' brings this server";
    return !*other;
  }

  base::Result<void> Refuse(const UpstreamEntry& entry, const std::string& reason) {
    Tell(entry.name, entry.version, reason, false);
    return {};
  }

  void Tell(const std::string& server, const std::string& version, const std::string& reason,
            bool conflict) {
    v1::SyncStatus& status = *progress_.mutable_status();
    if (conflict) {
      status.set_conflicts(status.conflicts() + 1);
    } else {
      status.set_refused(status.refused() + 1);
    }
    if (status.problems_size() >= kMaxProblems) return;
    v1::SyncProblem& problem = *status.add_problems();
    problem.set_server(server);
    problem.set_version(version);
    problem.set_reason(reason.substr(0, 500));
    problem.set_conflict(conflict);
  }

  base::Result<void> Count(std::int64_t (v1::SyncStatus::*get)() const,
                           void (v1::SyncStatus::*set)(std::int64_t)) {
    v1::SyncStatus& status = *progress_.mutable_status();
    (status.*set)((status.*get)() + 1);
    return {};
  }

  // ---- Into the catalog

  static void Add(v1::ApplyRequest& apply, const Group& group) {
    if (group.server_changes) *apply.add_resources() = group.server;
    for (const v1::Resource& version : group.versions) *apply.add_resources() = version;
  }

  base::Result<void> Apply(const v1::ApplyRequest& apply, bool with_progress) {
    const auto also = [&](Transaction& store) -> base::Result<void> {
      const auto source = store.Find("SyncSource", source_);
      if (source.has_error()) return source.error();
      const auto spec = *source ? ToResource(**source) : base::Result<v1::Resource>(v1::Resource());
      if (spec.has_error()) return spec.error();
      if (spec->sync_source().url() != spec_.url())
        return base::Fail(Code::kNotFound, "the source was removed, or leads elsewhere now");
      for (const v1::Resource& resource : apply.resources()) {
        const auto stored = store.Find(resource.kind(), resource.name());
        if (stored.has_error()) return stored.error();
        if (!*stored) continue;
        const auto kept = store.PutSyncMember(
            {resource.kind(), resource.name(), source_, (*stored)->created_at_ms});
        if (kept.has_error()) return kept.error();
      }
      if (!with_progress) return {};
      return store.PutSyncProgress(source_, progress_.SerializeAsString());
    };
    const Writer writer{.principal = principal_, .face = "sync"};
    const auto applied = catalog_.ApplySeen(writer, apply, also);
    if (applied.has_error()) return applied.error();
    return {};
  }

  base::Result<void> WriteAll() {
    v1::ApplyRequest apply;
    for (const auto& [name, group] : groups_) Add(apply, group);
    return Apply(apply, true);
  }

  // What the catalog refuses after all is refused alone.
  base::Result<void> WriteOneByOne() {
    for (const auto& [name, group] : groups_) {
      v1::ApplyRequest apply;
      Add(apply, group);
      const auto written = Apply(apply, false);
      if (written.has_value()) continue;
      if (!IsOfOne(written.error())) return written.error();
      Tell(name, "", written.error().message, false);
    }
    return Apply({}, true);
  }

  Catalog& catalog_;
  Reader& store_;
  const std::string& source_;
  const v1::SyncSource& spec_;
  const base::auth::Principal principal_;
  const UpstreamPage& page_;
  const v1::SyncProgress& before_;
  const std::int64_t now_ms_;

  // Of one attempt
  v1::SyncProgress progress_;
  std::map<std::string, Group> groups_;
  std::set<std::string> in_the_way_;
  std::set<std::string> taken_;
  std::string reason_;
};

}  // namespace

base::Result<void> MergePage(Catalog& catalog, Reader& store, const std::string& source,
                             const v1::SyncSource& spec, const UpstreamPage& page,
                             std::int64_t now_ms, v1::SyncProgress& progress) {
  auto merged = Merging(catalog, store, source, spec, page, progress, now_ms).Run();
  if (merged.has_error()) return merged.error();
  progress = std::move(*merged);
  return {};
}

}  // namespace registry::sync
