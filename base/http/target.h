// The parts of a request target: percent-encoding, path segments, and the fields of a query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base::http {

// `io.x%2Fy` -> `io.x/y`. Nullopt when a `%` has no two hex digits behind it, or the result holds a
// NUL or is not UTF-8.
std::optional<std::string> PercentDecode(std::string_view text);

// The segments of a path, decoded, without empty ones at either end: `/v0/servers/` -> v0, servers.
// Nullopt as above.
std::optional<std::vector<std::string>> PathSegments(std::string_view path);

// The fields of a query in order, decoded; `+` is a space. Nullopt as above.
using QueryFields = std::vector<std::pair<std::string, std::string>>;
std::optional<QueryFields> ParseQuery(std::string_view query);
// The first of that name; null when there is none.
const std::string* FindField(const QueryFields& fields, std::string_view name);

}  // namespace base::http
