#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <istream>
#include <map>
#include <streambuf>
#include <utility>

namespace base {
namespace {

using nlohmann::json;

// Thrown through yaml-cpp's parser to end it early; caught in ParseYaml.
struct Refusal {
  std::string message;
};

bool IsDecimalInteger(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Digits, one dot, an exponent: the core schema's floats, without .inf and .nan, which no field of
// ours takes.
bool IsFloat(std::string_view text) {
  std::size_t i = 0;
  auto digits = [&] {
    std::size_t begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - begin;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  std::size_t before = digits();
  std::size_t after = 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    after = digits();
  }
  if (before + after == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

json Number(std::string_view digits, int base, bool negative) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error == std::errc() && end == digits.data() + digits.size()) {
    if (!negative) return value;
    if (value <= std::uint64_t{1} << 63) return static_cast<std::int64_t>(~value + 1);
  }
  return json();  // out of range
}

// The core schema's reading of a plain scalar.
json Plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (text.starts_with("0x") && text.size() > 2 &&
      std::isxdigit(static_cast<unsigned char>(text[2]))) {
    if (json number = Number(std::string_view(text).substr(2), 16, false); !number.is_null())
      return number;
    return text;
  }
  if (text.starts_with("0o") && text.size() > 2) {
    if (json number = Number(std::string_view(text).substr(2), 8, false); !number.is_null())
      return number;
    return text;
  }
  if (IsDecimalInteger(text)) {
    bool negative = text[0] == '-';
    std::string_view digits = text;
    if (negative || text[0] == '+') digits.remove_prefix(1);
    if (json number = Number(digits, 10, negative); !number.is_null()) return number;
  }
  if (IsFloat(text)) {
    // Locale-independent; yields infinity when out of range, which fits no field and is refused
    // there.
    double value = 0;
    std::string_view digits = text;
    if (digits[0] == '+') digits.remove_prefix(1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc() && end == digits.data() + digits.size()) return value;
  }
  return text;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const JsonLimits& limits) : limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {
    root_ = json();
    anchors_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Leaf(mark, anchor, nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) Refuse(mark, "an alias stands inside the value it names");
    Count(mark, found->second.values);
    if (levels_.size() + found->second.depth > limits_.max_depth) RefuseDepth(mark);
    Place(mark, found->second.value, found->second.depth);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!IsUtf8(value)) Refuse(mark, "not UTF-8");
    // "?" is yaml-cpp's tag of a plain scalar, "!" of a quoted one.
    if (tag == "?" || tag.empty()) {
      Leaf(mark, anchor, PlainOrKey(value));
    } else if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      Leaf(mark, anchor, value);
    } else {
      Refuse(mark, "the tag '" + tag + "' has no meaning here");
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor, json::array());
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, anchor, json::object());
  }
  void OnMapEnd() override { Close(); }

  json TakeTree() { return std::move(root_); }

 private:
  struct Level {
    json value;
    std::string key;
    bool has_key = false;
    YAML::anchor_t anchor = 0;
    YAML::Mark mark;
    std::size_t values_before = 0;
    std::size_t depth = 1;  // of the tree below, this level included
  };
  struct Anchored {
    json value;
    std::size_t values = 0;
    std::size_t depth = 0;
  };

  [[noreturn]] void Refuse(const YAML::Mark& mark, const std::string& message) {
    throw Refusal{"line " + std::to_string(mark.line + 1) + ": " + message};
  }
  [[noreturn]] void RefuseDepth(const YAML::Mark& mark) {
    Refuse(mark, "nested deeper than " + std::to_string(limits_.max_depth) + " levels");
  }
  void Count(const YAML::Mark& mark, std::size_t values) {
    values_ += values;
    if (values_ > limits_.max_values) {
      Refuse(mark, "more than " + std::to_string(limits_.max_values) + " values, aliases expanded");
    }
  }
  bool at_key() const {
    return !levels_.empty() && levels_.back().value.is_object() && !levels_.back().has_key;
  }
  // A key is its text, whatever it looks like.
  json PlainOrKey(const std::string& value) { return at_key() ? json(value) : Plain(value); }

  void Leaf(const YAML::Mark& mark, YAML::anchor_t anchor, json value) {
    Count(mark, 1);
    if (anchor) anchors_[anchor] = {value, 1, 0};
    Place(mark, std::move(value), 0);
  }
  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, json empty) {
    Count(mark, 1);
    if (at_key()) Refuse(mark, "a key must be a word, not a list or a map");
    if (levels_.size() >= limits_.max_depth) RefuseDepth(mark);
    Level level;
    level.value = std::move(empty);
    level.anchor = anchor;
    level.mark = mark;
    level.values_before = values_ - 1;
    levels_.push_back(std::move(level));
  }
  void Close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.anchor)
      anchors_[level.anchor] = {level.value, values_ - level.values_before, level.depth};
    Place(level.mark, std::move(level.value), level.depth);
  }
  void Place(const YAML::Mark& mark, json value, std::size_t depth) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    level.depth = std::max(level.depth, depth + 1);
    if (level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else if (!level.has_key) {
      if (!value.is_string()) Refuse(mark, "a key must be a word");
      level.key = value.get<std::string>();
      if (level.value.contains(level.key))
        Refuse(mark, "key '" + level.key + "' stands twice in one map");
      level.has_key = true;
    } else {
      level.value[level.key] = std::move(value);
      level.has_key = false;
    }
  }

  const JsonLimits& limits_;
  std::size_t values_ = 0;  // over all documents
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  json root_;
};

// Reads characters that somebody else keeps, without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// --- Writing ---

// A plain scalar reads back as the same string: it looks like nothing else, and holds nothing YAML
// gives a meaning.
bool CanStandPlain(const std::string& text) {
  if (text.empty() || Plain(text).type() != json::value_t::string) return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=<.~").find(text.front()) != std::string_view::npos)
    return false;
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) return false;
  }
  return text.find(": ") == std::string::npos && text.find(" #") == std::string::npos &&
         text.find_first_of("[]{},") == std::string::npos;
}

// Double quotes. Not JSON's: YAML reads `\uD83E\uDDED` as two surrogates, and gives meaning to
// controls that JSON leaves.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    auto starts = [&](std::string_view bytes) {
      return std::string_view(text).substr(i).starts_with(bytes);
    };
    char escaped[8];
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      out += escaped;
    } else if (byte == 0xC2 && i + 1 < text.size() &&
               static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(text[++i]));
      out += escaped;
    } else if (starts("\xE2\x80\xA8") || starts("\xE2\x80\xA9")) {
      out += text[i + 2] == '\xA8' ? "\\L" : "\\P";
      i += 2;
    } else if (starts("\xEF\xBB\xBF")) {
      out += "\\ufeff";
      i += 2;
    } else {
      out += text[i];
    }
  }
  out += '"';
  return out;
}

void WriteScalar(const nlohmann::ordered_json& value, std::string& out) {
  if (!value.is_string()) {
    out += value.dump();
    return;
  }
  const auto& text = value.get_ref<const std::string&>();
  out += CanStandPlain(text) ? text : Quoted(text);
}

void WriteBlock(const nlohmann::ordered_json& value, std::size_t indent, bool after_dash,
                std::string& out);

// What stands behind `key:` or `-`.
void WriteValue(const nlohmann::ordered_json& value, std::size_t indent, bool after_dash,
                std::string& out) {
  if (!value.is_structured() || value.empty()) {
    out += ' ';
    WriteScalar(value, out);
    out += '\n';
  } else if (after_dash) {
    out += ' ';
    WriteBlock(value, indent, true, out);
  } else {
    out += '\n';
    // A list stands at its key's own indent, as people write it.
    WriteBlock(value, value.is_array() ? indent - 2 : indent, false, out);
  }
}

void WriteBlock(const nlohmann::ordered_json& value, std::size_t indent, bool after_dash,
                std::string& out) {
  bool first = true;
  for (const auto& item : value.items()) {
    if (!(first && after_dash)) out.append(indent, ' ');
    first = false;
    if (value.is_array()) {
      out += '-';
      WriteValue(item.value(), indent + 2, true, out);
    } else {
      WriteScalar(item.key(), out);
      out += ':';
      WriteValue(item.value(), indent + 2, false, out);
    }
  }
}

}  // namespace

Result<std::vector<json>> ParseYaml(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Fail(Code::kInvalidArgument,
                "YAML is longer than " + std::to_string(limits.max_bytes) + " bytes");
  }
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  TreeBuilder builder(limits);
  std::vector<json> documents;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
      json tree = builder.TakeTree();
      if (!tree.is_null()) documents.push_back(std::move(tree));
    }
  } catch (const Refusal& refusal) {
    return Fail(Code::kInvalidArgument, "YAML, " + refusal.message);
  } catch (const YAML::Exception& exception) {
    return Fail(Code::kInvalidArgument,
                "YAML, line " + std::to_string(exception.mark.line + 1) + ": " + exception.msg);
  }
  return documents;
}

std::string WriteYaml(const nlohmann::ordered_json& tree) {
  std::string out;
  if (!tree.is_structured() || tree.empty()) {
    WriteScalar(tree, out);
    out += '\n';
  } else {
    WriteBlock(tree, 0, false, out);
  }
  return out;
}

}  // namespace base
