// The paths that OAuth clients probe by themselves, answered by us and never forwarded: no
// authentication, never 5xx (official clients probe them after any 401, and some before the first
// POST).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gateway {

struct StaticAnswer {
  int status = 404;
  std::string_view body;
};

// The answer to a probe; nothing when the path is not one.
std::optional<StaticAnswer> WellKnown(std::string_view method, std::string_view path);

}  // namespace gateway
