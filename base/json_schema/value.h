// What JSON values are to JSON Schema: 1 and 1.0 are the same integer, and numbers are compared and
// divided as written, not as floating point happens to round them.
#pragma once

#include <compare>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace base::json_schema {

// Types of node.h: kInteger and kNumber together for 1.0.
unsigned TypesOf(const nlohmann::json& value);
// `a string`, `null`: with its article, for sentences.
std::string_view Described(const nlohmann::json& value);

// REQUIRES: both are numbers.
std::partial_ordering Compare(const nlohmann::json& a, const nlohmann::json& b);
// REQUIRES: both are numbers, divisor > 0. Exact in decimal: 4.35 is a multiple of 0.01.
bool IsMultipleOf(const nlohmann::json& value, const nlohmann::json& divisor);

bool Equal(const nlohmann::json& a, const nlohmann::json& b);
// Equal values have equal hashes.
std::size_t Hash(const nlohmann::json& value);

std::size_t CodePoints(std::string_view utf8);
// As JSON, cut to what fits a sentence.
std::string Shown(const nlohmann::json& value);

}  // namespace base::json_schema
