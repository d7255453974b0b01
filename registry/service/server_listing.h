// The ServerListing holds every published version of every server in the words of the official
// registry API: what GET /v0.1/servers lists.
//
// In memory, fed by the catalog's changes like the search index; thread-safe (readers share a
// lock). A server without a server.json of its own gets one made. What is kept of a version is its
// document and little else (about a kilobyte beside it); entries are put together when they are
// asked for.
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
    // There are more behind the last.
    bool more = false;
  };

  // `gateway_public_url` has no slash at its end; empty: no remotes lead through a gateway.
  explicit ServerListing(std::string gateway_public_url)
      : gateway_public_url_(std::move(gateway_public_url)) {}

  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions& definitions) override;

  // By name, then version; those behind `after`.
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
    // As published, without the spaces between its parts; empty: to be made of the server.
    std::string document;
    // What was said of this version itself.
    std::string status_message;
    Status status = Status::kActive;
    // Made by us, since nothing is published.
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
    // Empty: not routed.
    std::string gateway_url;
    // The server's resource, serialized: read when it is shown.
    std::string resource;
    std::vector<Version> versions;  // by version

    bool VisibleTo(std::string_view name, const base::auth::Principal& who) const;
    Status StatusOf(const Version& version) const { return std::max(status, version.status); }
    std::int64_t UpdatedMs(const Version& version) const {
      return std::max(changed_ms, version.changed_ms);
    }
    bool Passes(const Filter& filter, const Version& version) const;
  };
  using Map = std::map<std::string, Known, std::less<>>;

  void ChangeLocked(const v1::Change& change);
  void TakeServerLocked(Known& known, const v1::Resource& resource);
  void TakeVersionLocked(Known& known, const v1::Resource& resource) const;
  void DropVersionLocked(Known& known, std::string_view version) const;
  // Which is the latest, and where it leads.
  void SettleLocked(Known& known) const;
  // Adds what passes of one server; false when the page is full, and there is more.
  static bool AddTo(Page& page, const std::string& name, const Known& known, const Filter& filter,
                    const Position& after, std::size_t limit);
  static ListedVersion Show(const std::string& name, const Known& known, const Version& version);
  Map::const_iterator FindLocked(std::string_view name, const base::auth::Principal& who) const;

  // Constant after construction
  const std::string gateway_public_url_;

  mutable std::shared_mutex mutex_;
  // Under mutex_
  Map known_;          // by server name
  SearchTexts texts_;  // name, title and description
};

}  // namespace registry
