// An editor's list of MCP servers, as servers of the catalog: VS Code's `servers`, and the
// `mcpServers` of Cursor, Claude Desktop and Claude Code, of the user and of projects.
//
// Read here and not in the registry: these files hold their owner's keys, and nothing of them leaves
// the machine but what is clean. A value that looks like a secret is left out and named; a
// placeholder (`${env:X}`, `${input:x}`) is kept as it stands. A server that lacks something for
// that reason is a draft: known, not started.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace cli {

// One entry of such a list.
struct ConfiguredServer {
  // As the list calls it.
  std::string name;
  std::size_t line = 0;
  // Without a name of the catalog. Empty, when `refusal` says why.
  portolan::v1::Resource resource;
  std::string refusal;
  // It has a URL, and nothing tells which of the two HTTP transports is spoken there.
  bool transport_unknown = false;
  // What was left out, a sentence each, and the variables that have to be given.
  std::vector<std::string> notes;
  std::vector<std::string> missing;
};

// What the paths in a file are relative to.
struct ConfigPlace {
  // Of the project that the file belongs to; empty: it is the user's own.
  std::string project;
  std::string home;
};

// kInvalidArgument: not JSON; kNotFound: no list of servers in it.
base::Result<std::vector<ConfiguredServer>> ReadClientConfig(std::string_view text,
                                                             const ConfigPlace& place);

// What two servers have in common when they are the same: the command with its arguments, or the
// URL (scheme and host in small letters, no slash at its end).
std::string SameAs(const portolan::v1::Server& server);

// `My Server` as the part of a name behind the slash: `my-server`. Empty: nothing is left of it.
std::string CatalogName(std::string_view name);

}  // namespace cli
