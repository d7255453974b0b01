// Two definitions beside each other, as lines a person can judge: what differs, by its place, with
// everything visible that a terminal would swallow.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct DiffLine {
  enum class Side { kOld, kNew };
  Side side;
  // `description: "Creates an issue."`, `inputSchema.properties.city.type: "string"`
  std::string text;
};

// Null stands for "there is none". `_meta`, `icons` and the order of members and of sets are no
// difference.
std::vector<DiffLine> DiffDefinitions(const nlohmann::json& before, const nlohmann::json& after);

// As JSON text in which no character is invisible: U+200B becomes \u{200B}.
std::string Visible(const nlohmann::json& value);

}  // namespace cli
