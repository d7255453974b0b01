// The ServerListing holds every published version of every server in the words of the official
// registry API: what GET /v0.1/servers lists.
//
// Fed by the catalog's changes like the search index; thread-safe (readers share a lock). In memory
// is only what entries are found and ordered by; what they show is looked up when it is asked for,
// two look-ups an entry, without the lock. What went meanwhile is left out, and so is what is not for
// the asker any more. A server without a server.json of its own gets one made.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/principal.h"
#include "registry/catalog/watch.h"
#include "registry/service/search_texts.h"

namespace registry {

struct ListedVersion {
  enum class Status : std::uint8_t { kActive, kDeprecated, kDeleted };

  std::string name;
  std::string version;
  Status status = Status::kActive;
  bool latest = false;
  // {"server":{...},"_meta":{...}}
  std::string json;
};

class ServerListing final : public Observer {
 public:
  struct Filter {
    // Any part of name, title or description, in either case.
    std::string search;
    // Empty: every version. `latest`, or exactly this one.
    std::string version;
    // Changed after it.
    std::optional<std::int64_t> updated_since_ms;
    bool include_deleted = false;
  };
  struct Position {
    std::string name;
    std::string version;
  };
  struct Page {
    std::vector<ListedVersion> versions;
    // There are more behind `last`, which may itself have gone.
    bool more = false;
    Position last;
  };

  // A resource as it is now; none: there is no such. From any thread.
  using LookUp =
      std::function<std::optional<v1::Resource>(std::string_view kind, std::string_view name)>;

  // `gateway_public_url` has no slash at its end; empty: no remotes lead through a gateway.
  ServerListing(std::string gateway_public_url, LookUp look_up)
      : gateway_public_url_(std::move(gateway_public_url)), look_up_(std::move(look_up)) {}

  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions& definitions) override;

  // By name, then version; those behind `after`. Reads the store, as the next ones do.
  Page List(const Filter& filter, const Position& after, std::size_t limit,
            const base::auth::Principal& who) const;
  // Newest first; empty when there is no such server, or it is not for `who`.
  std::vector<ListedVersion> Versions(std::string_view name, bool include_deleted,
                                      const base::auth::Principal& who) const;
  // The names of those that `who` sees.
  void ForEachSeenBy(const base::auth::Principal& who,
                     const std::function<void(std::string_view)>& each) const;
  // Of whoever's server, deleted ones too.
  std::size_t CountVersions(std::string_view name) const;
  // `latest`, or exactly that one.
  std::optional<ListedVersion> Find(std::string_view name, std::string_view version,
                                    const base::auth::Principal& who) const;

 private:
  using Status = ListedVersion::Status;

  struct Version {
    std::string version;
    Status status = Status::kActive;
    // Nothing is published: its document is made of the server.
    bool made = false;
    bool latest = false;
    std::int64_t published_ms = 0;
    std::int64_t changed_ms = 0;
  };
  struct Known {
    // A version may be told of before its server.
    bool exists = false;
    bool approved = false;
    Status status = Status::kActive;
    int tools = 0;
    std::int64_t changed_ms = 0;
    std::vector<std::string> audiences;
    std::string current_version;
    std::vector<Version> versions;  // by version

    bool VisibleTo(std::string_view name, const base::auth::Principal& who) const;
    Status StatusOf(const Version& version) const { return std::max(status, version.status); }
    std::int64_t UpdatedMs(const Version& version) const {
      return std::max(changed_ms, version.changed_ms);
    }
    bool Passes(const Filter& filter, const Version& version) const;
  };
  using Map = std::map<std::string, Known, std::less<>>;
  // A version that is to be shown, as it was under the lock.
  struct Chosen {
    std::string name;
    Version version;
    // Of both, the server and the version.
    Status status = Status::kActive;
    std::int64_t updated_ms = 0;
    int tools = 0;
  };

  void ChangeLocked(const v1::Change& change);
  void TakeServerLocked(Known& known, const v1::Resource& resource);
  static void TakeVersionLocked(Known& known, const v1::Resource& resource);
  static void DropVersionLocked(Known& known, std::string_view version);
  // Which is the latest.
  static void SettleLocked(Known& known);
  static Chosen Choose(const std::string& name, const Known& known, const Version& version);
  // At most `limit`, of which it says whether there are more.
  std::vector<Chosen> ChooseLocked(const Filter& filter, const Position& after, std::size_t limit,
                                   const base::auth::Principal& who, bool& more) const;
  Map::const_iterator FindLocked(std::string_view name, const base::auth::Principal& who) const;
  // Those that `who` still sees. REQUIRES: the lock is not held.
  std::vector<ListedVersion> Show(const std::vector<Chosen>& chosen,
                                  const base::auth::Principal& who) const;
  std::optional<ListedVersion> Show(const Chosen& one, const v1::Resource& server) const;
  // From who does not see it.
  void HideSuccessor(v1::Resource& server, const base::auth::Principal& who) const;

  // Constant after construction
  const std::string gateway_public_url_;
  const LookUp look_up_;

  mutable std::shared_mutex mutex_;
  // Under mutex_
  Map known_;          // by server name
  SearchTexts texts_;  // name, title and description
};

}  // namespace registry
