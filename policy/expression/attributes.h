// The attributes are what an expression may ask of a call: a name, a type, and where its value
// stands in the Facts. One table, for the parser, the evaluation and the documentation's test.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "policy/facts.h"

namespace policy {

// What is known of a value when an expression is written. kAny is JSON of the caller's making: its
// type is looked at when the value is there.
enum class Type : std::uint8_t {
  kAny,
  kNull,
  kBool,
  kInt,
  kDouble,
  kString,
  kTime,
  kList,
  kMap,
  kHeaders,
};
// `string`, `list`, ...
std::string_view TypeName(Type type);

// What is not known yet when a list is filtered or a search is answered: a set of bits.
enum Unknown : std::uint8_t {
  kAllKnown = 0,
  kUnknownArguments = 1,
  kUnknownTime = 2,
  kUnknownHeaders = 4,
  // Address and protocol of the request.
  kUnknownRequest = 8,
  // Which of its resources a template will stand for.
  kUnknownResource = 16,
};

struct Attribute {
  std::string_view name;
  Type type;
  // The bit with which it is not known.
  std::uint8_t unknown = kAllKnown;
  // Of strings the text, of lists and maps raw JSON.
  std::string_view Facts::*fact = nullptr;
};

std::span<const Attribute> Attributes();

}  // namespace policy
