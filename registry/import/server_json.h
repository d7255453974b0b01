// A server.json says what a published version of a server is, in the words of the MCP registry
// (schema 2025-12-11).
//
// Checked here by hand, member by member, so that a publisher reads which field is wrong and why;
// tests hold the check against the official schema.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace registry::import {

// Everything wrong with the document, each as "/packages/0/transport: is missing"; at most
// `at_most` of them. Members that the schema does not know are let through, as it does.
std::vector<std::string> CheckServerJson(const nlohmann::json& document, std::size_t at_most = 5);

// The document, when nothing is wrong with it; else kInvalidArgument with the reasons.
base::Result<nlohmann::json> ReadServerJson(std::string_view text);

// `text` cut to at most so many characters, at a space where one is near, with an ellipsis.
std::string CutTo(std::string_view text, std::size_t characters);

}  // namespace registry::import
