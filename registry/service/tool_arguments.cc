#include "registry/service/tool_arguments.h"

#include <algorithm>

namespace registry {

const nlohmann::json* ToolArguments::Find(const char* name) {
  known_.emplace_back(name);
  auto member = arguments_.find(name);
  return member == arguments_.end() || member->is_null() ? nullptr : &*member;
}

void ToolArguments::Wrong(const char* name, std::string what) {
  if (!problem_) problem_ = std::string(name) + ": " + std::move(what);
}

std::string ToolArguments::RequiredText(const char* name) {
  const nlohmann::json* value = Find(name);
  if (value && value->is_string() && !value->get_ref<const std::string&>().empty())
    return value->get<std::string>();
  Wrong(name, "give a string that is not empty");
  return "";
}

std::string ToolArguments::Text(const char* name) {
  const nlohmann::json* value = Find(name);
  if (!value) return "";
  if (value->is_string()) return value->get<std::string>();
  Wrong(name, "must be a string");
  return "";
}

std::vector<std::string> ToolArguments::RequiredTexts(const char* name, std::size_t at_most) {
  const nlohmann::json* value = Find(name);
  bool good = value && value->is_array() && !value->empty() && value->size() <= at_most &&
              std::all_of(value->begin(), value->end(), [](const nlohmann::json& element) {
                return element.is_string() && !element.get_ref<const std::string&>().empty();
              });
  if (good) return value->get<std::vector<std::string>>();
  Wrong(name, "give an array of 1 to " + std::to_string(at_most) + " strings, none empty");
  return {};
}

std::int64_t ToolArguments::Integer(const char* name, std::int64_t otherwise, std::int64_t least,
                                    std::int64_t most) {
  const nlohmann::json* value = Find(name);
  if (!value) return otherwise;
  if (value->is_number_integer()) {
    bool fits = !value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX;
    if (fits && value->get<std::int64_t>() >= least && value->get<std::int64_t>() <= most) {
      return value->get<std::int64_t>();
    }
  }
  Wrong(name,
        "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

std::string ToolArguments::OneOf(const char* name, std::initializer_list<std::string_view> words) {
  const nlohmann::json* value = Find(name);
  if (!value) return std::string(*words.begin());
  if (value->is_string()) {
    for (std::string_view word : words) {
      if (value->get_ref<const std::string&>() == word) return std::string(word);
    }
  }
  std::string choice;
  for (std::string_view word : words)
    choice += (choice.empty() ? "'" : " or '") + std::string(word) + "'";
  Wrong(name, "must be " + choice);
  return std::string(*words.begin());
}

std::optional<std::string> ToolArguments::Problem() const {
  for (const auto& [name, value] : arguments_.items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    std::string choice;
    for (const std::string& known : known_) choice += (choice.empty() ? "" : ", ") + known;
    return "no argument '" + name.substr(0, 64) + "'; there are: " + choice;
  }
  return problem_;
}

}  // namespace registry
