// Arguments of a tool as they are typed: `key=value` words, given their types by the tool's schema.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cli {

// Sets `key=value` words in `arguments`, an object. What the schema calls a number, a boolean, a
// list or an object is read as such (a list also as its elements, one word each); everything else
// is a string.
base::Result<void> SetArguments(std::span<const std::string> words, const nlohmann::json& schema,
                                nlohmann::json& arguments);

// `{"a": 1}`, `@file.json`, or `@-` for stdin.
base::Result<nlohmann::json> ReadArguments(const std::string& text);

// `fs.read_file`: a base path and a tool. `local/fs.read_file`: a server's name and a tool; since
// names may hold dots, every way to split it, the longest tool first.
struct ToolTarget {
  std::string server;
  std::string tool;
};
std::vector<ToolTarget> SplitToolId(std::string_view id);

}  // namespace cli
