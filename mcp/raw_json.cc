#include "mcp/raw_json.h"

#include <charconv>

#include "mcp/json_scanner.h"
#include "mcp/message.h"

namespace mcp {
namespace {

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \n\r\t");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// Takes the value at the front of `rest`; false at the end or where the text is broken.
bool TakeValue(std::string_view& rest, std::string_view& value) {
  rest = Trim(rest);
  JsonScanner scanner(rest);
  if (!scanner.Value(0)) return false;
  value = rest.substr(0, scanner.offset());
  rest.remove_prefix(scanner.offset());
  return true;
}

// Past the comma before the next item; false at the closing bracket.
bool TakeComma(std::string_view& rest, bool first) {
  rest = Trim(rest);
  if (first) return !rest.empty() && rest.front() != '}' && rest.front() != ']';
  if (rest.empty() || rest.front() != ',') return false;
  rest.remove_prefix(1);
  return true;
}

}  // namespace

Members::Members(std::string_view object) {
  object = Trim(object);
  if (IsObject(object)) rest_ = object.substr(1);
}

bool Members::Next() {
  if (!TakeComma(rest_, key_.empty())) return false;
  if (!TakeValue(rest_, key_)) return false;
  rest_ = Trim(rest_);
  if (rest_.empty() || rest_.front() != ':') return false;
  rest_.remove_prefix(1);
  return TakeValue(rest_, value_);
}

bool Members::Is(std::string_view name) const {
  if (const auto plain = PlainString(key_)) return *plain == name;
  return DecodeString(key_) == name;
}

Elements::Elements(std::string_view array) {
  array = Trim(array);
  if (IsArray(array)) rest_ = array.substr(1);
}

bool Elements::Next() {
  if (!TakeComma(rest_, value_.empty())) return false;
  return TakeValue(rest_, value_);
}

std::string_view Member(std::string_view object, std::string_view name) {
  Members members(object);
  while (members.Next()) {
    if (members.Is(name)) return members.value();
  }
  return {};
}

bool IsJson(std::string_view bytes) {
  if (bytes.size() > UINT32_MAX) return false;
  JsonScanner scanner(bytes);
  if (!scanner.Value(0)) return false;
  scanner.SkipSpaces();
  return scanner.at_end();
}

std::optional<std::int64_t> Integer(std::string_view raw) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (error != std::errc() || end != raw.data() + raw.size()) return std::nullopt;
  return value;
}

}  // namespace mcp
