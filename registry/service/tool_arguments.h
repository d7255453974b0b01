// Reads a tool call's arguments, strictly: what is missing, unknown, of another type or over its
// bound is said in a sentence that a model can act on.
//
//   ToolArguments arguments(call.arguments());
//   std::string id = arguments.RequiredText("id");
//   if (auto problem = arguments.Problem()) return mcp::ToolResult::Error(*problem);
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace registry {

class ToolArguments {
 public:
  explicit ToolArguments(nlohmann::json arguments) : arguments_(std::move(arguments)) {}

  // Each gives an empty value when there is none, or it is wrong; the first thing wrong is kept.
  std::string RequiredText(const char* name);
  std::string Text(const char* name);
  std::vector<std::string> RequiredTexts(const char* name, std::size_t at_most);
  std::int64_t Integer(const char* name, std::int64_t otherwise, std::int64_t least,
                       std::int64_t most);
  // One of `words`, of which the first is the default.
  std::string OneOf(const char* name, std::initializer_list<std::string_view> words);

  // After all have been read.
  std::optional<std::string> Problem() const;

 private:
  const nlohmann::json* Find(const char* name);
  void Wrong(const char* name, std::string what);

  const nlohmann::json arguments_;
  std::vector<std::string> known_;
  std::optional<std::string> problem_;
};

}  // namespace registry
