// JSONC as editors keep their settings: JSON with comments, trailing commas and a byte order mark.
// A document is read into a tree that knows where in the text each part stands, so that it can be
// edited in place (jsonc_edit.h) and errors can name the line.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cli {

// Bytes [begin, end) of the text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// One value. Views and offsets refer to the text it was read from.
struct JsoncValue {
  enum class Type { kObject, kArray, kString, kNumber, kWord };

  struct Member;

  Type type = Type::kWord;
  Span span;
  // Of an object, in the order of the text; the keys are unescaped.
  std::vector<Member> members;
  // Of an array.
  std::vector<JsoncValue> elements;

  bool is_object() const { return type == Type::kObject; }
  // The last of that name, as JavaScript takes it; null when there is none.
  const JsoncValue* Find(std::string_view key) const;
};

struct JsoncValue::Member {
  std::string key;
  Span key_span;
  JsoncValue value;
  // One past the comma behind the value; 0: there is none.
  std::size_t comma_end = 0;
};

// At most 64 levels. kInvalidArgument says the line and column of what is wrong.
base::Result<JsoncValue> ParseJsonc(std::string_view text,
                                    std::size_t max_bytes = 16 * 1024 * 1024);

// The value without comments, as a tree. Of a key that occurs twice the last counts.
nlohmann::ordered_json ToJson(std::string_view text, const JsoncValue& value);

// Past white space and comments.
std::size_t SkipSpace(std::string_view text, std::size_t at);

// Counted from 1.
std::size_t LineAt(std::string_view text, std::size_t offset);

}  // namespace cli
