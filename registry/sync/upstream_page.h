// One page of another registry's GET /v0.1/servers, read strictly as far as we use it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "portolan/v1/server.pb.h"

namespace registry::sync {

struct UpstreamEntry {
  // The whole document; checked later, since a wrong one is refused alone.
  std::string server_json;
  std::string name;
  std::string version;
  portolan::v1::VersionStatus::State status = portolan::v1::VersionStatus::ACTIVE;
  std::string status_message;
};

struct UpstreamPage {
  std::vector<UpstreamEntry> entries;
  // Empty: this is the last one.
  std::string next_cursor;
};

// kInvalidArgument: it is no such page.
base::Result<UpstreamPage> ReadUpstreamPage(std::string_view body);

// The target of the page at `cursor` (empty: the first) of everything that changed since then (0:
// of everything), below `url`, whatever it has at its end.
std::string UpstreamPageUrl(std::string_view url, std::int64_t since_ms, std::string_view cursor);

}  // namespace registry::sync
