// The process's log: spdlog to stderr, `key=value` lines. Secrets never come here.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace base {

// `name` of the process stands in each line; `level` is debug, info, warn or error.
void StartLog(std::string_view name, std::string_view level = "info");

// From any thread, while it runs.
void SetLogLevel(std::string_view level);

}  // namespace base
