// The ServerListing holds every published version of every server in the words of the official
// registry API: what GET /v0.1/servers lists.
//
// In memory, fed by the catalog's changes like the search index; thread-safe (readers share a
// lock). A server without a server.json of its own gets one made. Texts are made once a change, so
// that a page is a concatenation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/principal.h"
#include "registry/catalog/watch.h"

namespace registry {

struct ListedVersion {
  enum class Status { kActive, kDeprecated, kDeleted };

  std::string name;
  std::string version;
  Status status = Status::kActive;
  std::int64_t published_ms = 0;
  std::int64_t updated_ms = 0;
  bool latest = false;
  // Lower case: name, title and description.
  std::string searched;
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
    std::vector<std::shared_ptr<const ListedVersion>> versions;
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
  std::vector<std::shared_ptr<const ListedVersion>> Versions(
      std::string_view name, bool include_deleted, const base::auth::Principal& who) const;
  // `latest`, or exactly that one; null when there is none.
  std::shared_ptr<const ListedVersion> Find(std::string_view name, std::string_view version,
                                            const base::auth::Principal& who) const;

 private:
  struct Known {
    std::optional<v1::Resource> server;
    std::map<std::string, v1::Resource> versions;  // by version
    int tools = 0;
    // What is listed, by version.
    std::vector<std::shared_ptr<const ListedVersion>> listed;

    bool VisibleTo(const base::auth::Principal& who) const;
  };

  void ChangeLocked(const v1::Change& change);
  void RenderLocked(Known& known) const;
  const Known* FindLocked(std::string_view name, const base::auth::Principal& who) const;

  // Constant after construction
  const std::string gateway_public_url_;

  mutable std::shared_mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;  // by server name; under mutex_
};

}  // namespace registry
