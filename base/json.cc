#include "base/json.h"

#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

namespace base {
namespace {

using nlohmann::json;

// Builds the tree from the parser's events, so that the bounds hold while reading and not
// afterwards.
class TreeBuilder final : public nlohmann::json_sax<json> {
 public:
  explicit TreeBuilder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(value); }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t&) override { return Put(value); }
  bool string(string_t& value) override { return Put(std::move(value)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return Open(json::object()); }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t) override { return Open(json::array()); }
  bool end_array() override { return Close(); }

  bool key(string_t& value) override {
    Level& level = levels_.back();
    level.key = std::move(value);
    if (level.value.contains(level.key))
      return Refuse("key '" + level.key + "' stands twice in one object");
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const json::exception& exception) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..." without the library's
    // name in front.
    std::string_view text = exception.what();
    if (auto bracket = text.find("] "); bracket != std::string_view::npos)
      text.remove_prefix(bracket + 2);
    return Refuse("JSON, byte " + std::to_string(position) + ": " + std::string(text));
  }

  json TakeTree() { return std::move(root_); }
  const std::string& error() const { return error_; }

 private:
  struct Level {
    json value;
    std::string key;  // of the member that is being read
  };

  bool Refuse(std::string message) {
    if (error_.empty()) error_ = std::move(message);
    return false;
  }
  bool Count() {
    if (++values_ > limits_.max_values) {
      return Refuse("JSON has more than " + std::to_string(limits_.max_values) + " values");
    }
    return true;
  }
  template <class Value>
  bool Put(Value&& value) {
    if (!Count()) return false;
    Place(json(std::forward<Value>(value)));
    return true;
  }
  bool Open(json empty) {
    if (!Count()) return false;
    if (levels_.size() >= limits_.max_depth) {
      return Refuse("JSON is nested deeper than " + std::to_string(limits_.max_depth) + " levels");
    }
    levels_.push_back({std::move(empty), {}});
    return true;
  }
  bool Close() {
    json value = std::move(levels_.back().value);
    levels_.pop_back();
    Place(std::move(value));
    return true;
  }
  void Place(json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (levels_.back().value.is_array()) {
      levels_.back().value.push_back(std::move(value));
    } else {
      levels_.back().value[levels_.back().key] = std::move(value);
    }
  }

  const JsonLimits& limits_;
  std::size_t values_ = 0;
  std::vector<Level> levels_;
  json root_;
  std::string error_;
};

}  // namespace

Result<json> ParseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Fail(Code::kInvalidArgument,
                "JSON is longer than " + std::to_string(limits.max_bytes) + " bytes");
  }
  TreeBuilder builder(limits);
  if (!json::sax_parse(text, &builder)) return Fail(Code::kInvalidArgument, builder.error());
  // A tree converts to anything, an Error included, so it must be said which of the two it is.
  return {boost::system::in_place_value, builder.TakeTree()};
}

std::string PointerTo(std::string_view pointer, std::string_view part) {
  std::string result(pointer);
  result += '/';
  for (char c : part) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

std::string PointerTo(std::string_view pointer, std::size_t index) {
  return std::string(pointer) + '/' + std::to_string(index);
}

bool IsUtf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x80) {
      ++i;
      continue;
    }
    std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (byte < 0xC2 || byte > 0xF4 || i + length > text.size()) return false;
    std::uint32_t code_point = byte & (0xFFu >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      auto next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      code_point = code_point << 6 | (next & 0x3Fu);
    }
    bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
    bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (overlong || surrogate || code_point > 0x10FFFF) return false;
    i += length;
  }
  return true;
}

}  // namespace base
