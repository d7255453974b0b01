// YAML as people write it in configuration files, to and from JSON trees.
//
// Scalars follow YAML 1.2's core schema: `yes`, `on` and dates are strings, `true`, `42`, `0x2A`
// and `1.5` are not. A quoted scalar is always a string. No key twice, no merge keys, no tags of
// one's own. Aliases are expanded and count as what they expand to, so a small file cannot become a
// large tree.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace base {

// Every document of the text; empty ones are left out. kInvalidArgument names the line.
Result<std::vector<nlohmann::json>> ParseYaml(std::string_view text, const JsonLimits& limits = {});

// The line, counted from 1, on which the value of a JSON pointer stands in the document of that
// number (as ParseYamlDocuments counts), or the last part of the pointer that is there. 0: not
// known. For errors: reads the text again.
std::size_t LineOf(std::string_view text, std::size_t document, std::string_view pointer);

// Block style, two spaces, keys in their order; ends with a line break. What it writes, ParseYaml
// reads as the same tree.
std::string WriteYaml(const nlohmann::ordered_json& tree);

}  // namespace base
