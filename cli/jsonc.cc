#include "cli/jsonc.h"

#include <algorithm>
#include <optional>

#include "base/json.h"

namespace cli {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kMaxDepth = 64;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The text of a scalar, as JSON reads it; discarded when it is none.
json Scalar(std::string_view text) { return json::parse(text, nullptr, false); }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  base::Result<JsoncValue> Document() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    at_ = SkipSpace(text_, at_);
    auto value = Value(0);
    if (!value) return value.error();
    at_ = SkipSpace(text_, at_);
    if (at_ < text_.size()) return Wrong("something stands behind the end of the document");
    return value;
  }

 private:
  base::Error Wrong(std::string_view what) const {
    const std::size_t line_begin =
        at_ == 0 ? 0 : text_.rfind('\n', std::min(at_, text_.size()) - 1) + 1;
    return base::Fail(base::Code::kInvalidArgument,
                      "line " + std::to_string(LineAt(text_, at_)) + ", column " +
                          std::to_string(at_ - std::min(line_begin, at_) + 1) + ": " +
                          std::string(what));
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  base::Result<JsoncValue> Value(int depth) {
    if (depth > kMaxDepth) return Wrong("nested too deeply");
    switch (Peek()) {
      case '{': return Object(depth);
      case '[': return Array(depth);
      case '"': {
        const auto span = String();
        if (!span) return span.error();
        JsoncValue value;
        value.type = JsoncValue::Type::kString;
        value.span = *span;
        return value;
      }
      default: return Plain();
    }
  }

  base::Result<Span> String() {
    const std::size_t begin = at_;
    if (Peek() != '"') return Wrong("a string in double quotes is expected");
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\n') return Wrong("the string does not end on its line");
      if (text_[at_] == '\\') ++at_;
    }
    if (at_ >= text_.size()) return Wrong("the string does not end");
    ++at_;
    if (Scalar(text_.substr(begin, at_ - begin)).is_discarded()) {
      at_ = begin;
      return Wrong("this is no string of JSON");
    }
    return Span{begin, at_};
  }

  base::Result<JsoncValue> Plain() {
    JsoncValue value;
    value.span.begin = at_;
    std::size_t end = at_;
    while (end < text_.size() && !IsSpace(text_[end]) &&
           std::string_view(",]}:/\"{[").find(text_[end]) == std::string_view::npos) {
      ++end;
    }
    const json scalar = Scalar(text_.substr(at_, end - at_));
    if (scalar.is_discarded()) return Wrong(end == at_ ? "a value is expected" : "not a value");
    value.type = scalar.is_number() ? JsoncValue::Type::kNumber : JsoncValue::Type::kWord;
    value.span.end = at_ = end;
    return value;
  }

  base::Result<JsoncValue> Object(int depth) {
    JsoncValue object;
    object.type = JsoncValue::Type::kObject;
    object.span.begin = at_++;
    while (true) {
      at_ = SkipSpace(text_, at_);
      if (Peek() == '}') break;
      JsoncValue::Member member;
      const auto key = String();
      if (!key) return key.error();
      member.key_span = *key;
      member.key = Scalar(text_.substr(key->begin, key->end - key->begin)).get<std::string>();
      at_ = SkipSpace(text_, at_);
      if (Peek() != ':') return Wrong("a colon is expected behind the key");
      at_ = SkipSpace(text_, at_ + 1);
      auto value = Value(depth + 1);
      if (!value) return value.error();
      member.value = std::move(*value);
      at_ = SkipSpace(text_, at_);
      const bool comma = Peek() == ',';
      if (comma) member.comma_end = ++at_;
      object.members.push_back(std::move(member));
      if (!comma && Peek() != '}') return Wrong("a comma or '}' is expected");
    }
    object.span.end = ++at_;
    return object;
  }

  base::Result<JsoncValue> Array(int depth) {
    JsoncValue array;
    array.type = JsoncValue::Type::kArray;
    array.span.begin = at_++;
    while (true) {
      at_ = SkipSpace(text_, at_);
      if (Peek() == ']') break;
      auto value = Value(depth + 1);
      if (!value) return value.error();
      array.elements.push_back(std::move(*value));
      at_ = SkipSpace(text_, at_);
      const bool comma = Peek() == ',';
      if (comma) ++at_;
      if (!comma && Peek() != ']') return Wrong("a comma or ']' is expected");
    }
    array.span.end = ++at_;
    return array;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const JsoncValue* JsoncValue::Find(std::string_view key) const {
  const auto found = std::find_if(members.rbegin(), members.rend(),
                                  [&](const Member& member) { return member.key == key; });
  return found == members.rend() ? nullptr : &found->value;
}

base::Result<JsoncValue> ParseJsonc(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return base::Fail(base::Code::kInvalidArgument,
                      "longer than " + std::to_string(max_bytes >> 20) + " MiB");
  }
  if (!base::IsUtf8(text)) return base::Fail(base::Code::kInvalidArgument, "is not UTF-8");
  return Reader(text).Document();
}

ordered_json ToJson(std::string_view text, const JsoncValue& value) {
  if (value.type == JsoncValue::Type::kObject) {
    ordered_json object = ordered_json::object();
    for (const auto& member : value.members) object[member.key] = ToJson(text, member.value);
    return object;
  }
  if (value.type == JsoncValue::Type::kArray) {
    ordered_json array = ordered_json::array();
    for (const JsoncValue& element : value.elements) array.push_back(ToJson(text, element));
    return array;
  }
  return ordered_json::parse(text.substr(value.span.begin, value.span.end - value.span.begin),
                             nullptr, false);
}

std::size_t SkipSpace(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (IsSpace(text[at])) {
      ++at;
    } else if (text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      const std::size_t end = text.find("*/", at + 2);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else {
      break;
    }
  }
  return std::min(at, text.size());
}

std::size_t LineAt(std::string_view text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return static_cast<std::size_t>(std::count(text.begin(), end, '\n')) + 1;
}

}  // namespace cli
