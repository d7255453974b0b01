// The data directory as the command line sees it: the admin's token, and where `portolan up` has
// put its daemons.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cli {

// `$XDG_DATA_HOME/portolan`, `~/.local/share/portolan` without it.
std::string DefaultDataDirectory();

// A file's content without white space around it; nullopt when it cannot be read.
std::optional<std::string> ReadSmallFile(const std::string& path);

// `KEY=VALUE` lines, as daemons write them to `--endpoints-file`.
using Endpoints = std::vector<std::pair<std::string, std::string>>;
std::optional<Endpoints> ReadEndpoints(const std::string& path);
std::string EndpointOf(const Endpoints& endpoints, std::string_view key);
// Whole or not at all: readers never see half a file.
base::Result<void> WriteEndpoints(const std::string& path, const Endpoints& endpoints);

// `127.0.0.1:8902`, `[::1]:1`, `localhost:1`, with or without a scheme.
bool IsLoopbackAddress(std::string_view address);

}  // namespace cli
