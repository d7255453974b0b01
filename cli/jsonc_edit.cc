#include "cli/jsonc_edit.h"

#include <algorithm>

#include "cli/jsonc.h"

namespace cli {
namespace {

using nlohmann::ordered_json;

// How the document is laid out.
struct Layout {
  std::string unit = "  ";
  std::string line_end = "\n";
};

std::size_t LineBegin(std::string_view text, std::size_t at) {
  const std::size_t line_end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return line_end == std::string_view::npos ? 0 : line_end + 1;
}

// The white space that the line of `at` begins with.
std::string IndentAt(std::string_view text, std::size_t at) {
  const std::size_t begin = LineBegin(text, at);
  std::size_t end = begin;
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
  return std::string(text.substr(begin, end - begin));
}

bool HasLineBreak(std::string_view text, std::size_t begin, std::size_t end) {
  return text.substr(begin, end - begin).find('\n') != std::string_view::npos;
}

Layout LayoutOf(std::string_view text, const JsoncValue& root) {
  Layout layout;
  if (text.find("\r\n") != std::string_view::npos) layout.line_end = "\r\n";
  if (root.members.empty()) return layout;
  const std::size_t key = root.members.front().key_span.begin;
  if (!HasLineBreak(text, root.span.begin, key)) return layout;
  if (std::string unit = IndentAt(text, key); !unit.empty()) layout.unit = std::move(unit);
  return layout;
}

// Multi-line, but a list of plain words stays on its line.
std::string Write(const ordered_json& value, const std::string& indent, const Layout& layout) {
  if (value.is_object() && !value.empty()) {
    std::string text = "{";
    const std::string inner = indent + layout.unit;
    for (const auto& [key, member] : value.items()) {
      text += (text.size() == 1 ? "" : ",") + layout.line_end + inner + ordered_json(key).dump() +
              ": " + Write(member, inner, layout);
    }
    return text + layout.line_end + indent + "}";
  }
  if (value.is_array() && std::any_of(value.begin(), value.end(),
                                      [](const auto& one) { return one.is_structured(); })) {
    std::string text = "[";
    const std::string inner = indent + layout.unit;
    for (const auto& element : value)
      text +=
          (text.size() == 1 ? "" : ",") + layout.line_end + inner + Write(element, inner, layout);
    return text + layout.line_end + indent + "]";
  }
  if (value.is_array()) {
    std::string text = "[";
    for (const auto& element : value) text += (text.size() == 1 ? "" : ", ") + element.dump();
    return text + "]";
  }
  return value.dump();
}

// On one line: `{"url": "x"}`.
std::string WriteInline(const ordered_json& value) {
  if (!value.is_structured()) return value.dump();
  std::string text;
  for (const auto& [key, member] : value.items()) {
    text += (text.empty() ? "" : ", ") +
            (value.is_object() ? ordered_json(key).dump() + ": " : std::string()) +
            WriteInline(member);
  }
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

// Past the comment that stands behind something on its line, if one does.
std::size_t BehindLineComment(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
  if (text.substr(end, 2) == "//") {
    end = std::min(text.find('\n', end), text.size());
    return end > at && text[end - 1] == '\r' ? end - 1 : end;
  }
  if (text.substr(end, 2) == "/*") {
    const std::size_t close = text.find("*/", end);
    if (close != std::string_view::npos && !HasLineBreak(text, end, close)) return close + 2;
  }
  return at;
}

std::string Insert(std::string_view text, const JsoncValue& object, const Layout& layout,
                   const std::string& key, const ordered_json& value) {
  const std::string name = ordered_json(key).dump() + ": ";
  std::string result(text);
  if (object.members.empty()) {
    const std::string outer = IndentAt(text, object.span.begin);
    const std::string inner = outer + layout.unit;
    const std::string added = layout.line_end + inner + name + Write(value, inner, layout);
    // What stands between the braces (a comment) stays before it.
    std::size_t begin = object.span.begin + 1;
    std::size_t last = object.span.end - 1;
    std::size_t end = last;
    while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\t' || text[end - 1] == '\n' ||
                           text[end - 1] == '\r')) {
      --end;
    }
    return std::string(text.substr(0, end)) + added + layout.line_end + outer +
           std::string(text.substr(last));
  }
  const JsoncValue::Member& last = object.members.back();
  const bool multi_line =
      HasLineBreak(text, object.span.begin, object.members.front().key_span.begin);
  const std::size_t value_end = last.value.span.end;
  const std::size_t end = last.comma_end ? last.comma_end : value_end;
  const std::string comma = last.comma_end ? "," : "";
  if (!multi_line) {
    result.insert(end, (last.comma_end ? " " : ", ") + name + WriteInline(value) + comma);
    return result;
  }
  const std::string indent = IndentAt(text, last.key_span.begin);
  result.insert(BehindLineComment(text, end),
                layout.line_end + indent + name + Write(value, indent, layout) + comma);
  if (!last.comma_end) result.insert(value_end, ",");
  return result;
}

base::Error NoObject(std::string_view text, const JsoncValue& value, const std::string& what) {
  return base::Fail(
      base::Code::kInvalidArgument,
      "line " + std::to_string(LineAt(text, value.span.begin)) + ": " + what + " is no object");
}

bool IsBlank(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The object that the path leads to, as far as it goes; `depth` says how far.
base::Result<const JsoncValue*> Follow(std::string_view text, const JsoncValue& root,
                                       const JsoncPath& path, std::size_t& depth) {
  const JsoncValue* object = &root;
  if (!root.is_object()) return NoObject(text, root, "the document");
  for (depth = 0; depth + 1 < path.size(); ++depth) {
    const JsoncValue* inner = object->Find(path[depth]);
    if (!inner) break;
    if (!inner->is_object()) return NoObject(text, *inner, "'" + path[depth] + "'");
    object = inner;
  }
  return object;
}

}  // namespace

base::Result<std::string> SetMember(std::string_view text, const JsoncPath& path,
                                    const ordered_json& value) {
  if (IsBlank(text)) {
    const auto made = SetMember("{}", path, value);
    if (!made) return made.error();
    return *made + "\n";
  }
  const auto root = ParseJsonc(text);
  if (!root) return root.error();
  std::size_t depth = 0;
  const auto object = Follow(text, *root, path, depth);
  if (!object) return object.error();
  const Layout layout = LayoutOf(text, *root);

  if (depth + 1 == path.size()) {
    if (const JsoncValue* old = (*object)->Find(path.back())) {
      if (nlohmann::json(ToJson(text, *old)) == nlohmann::json(value)) return std::string(text);
      const bool one_line = !HasLineBreak(text, (*object)->span.begin, (*object)->span.end);
      std::string result(text);
      result.replace(
          old->span.begin, old->span.end - old->span.begin,
          one_line ? WriteInline(value) : Write(value, IndentAt(text, old->span.begin), layout));
      return result;
    }
  }
  ordered_json added = value;
  for (std::size_t i = path.size() - 1; i > depth; --i)
    added = ordered_json{{path[i], std::move(added)}};
  return Insert(text, **object, layout, path[depth], added);
}

base::Result<std::string> RemoveMember(std::string_view text, const JsoncPath& path) {
  if (IsBlank(text)) return std::string(text);
  const auto root = ParseJsonc(text);
  if (!root) return root.error();
  std::size_t depth = 0;
  const auto object = Follow(text, *root, path, depth);
  if (!object) return object.error();
  const auto& members = (*object)->members;
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const auto& member) { return member.key == path.back(); });
  if (depth + 1 < path.size() || found == members.end()) return std::string(text);

  const bool is_first = found == members.begin();
  const bool is_last = found + 1 == members.end();
  std::string result(text);
  std::size_t begin = found->key_span.begin;
  std::size_t end = found->comma_end ? found->comma_end : found->value.span.end;
  const std::size_t line = LineBegin(text, begin);
  const bool own_line =
      text.substr(line, begin - line).find_first_not_of(" \t") == std::string_view::npos;
  if (own_line && line > 0) {
    // From the break of the line before, so that a comment behind what stays is kept.
    begin = line - 1;
    if (begin > 0 && text[begin - 1] == '\r') --begin;
    end = BehindLineComment(text, end);
  } else if (is_last && !is_first) {
    begin = (found - 1)->comma_end;
  } else {
    while (end < text.size() && text[end] == ' ') ++end;
  }
  result.erase(begin, end - begin);
  // The last member gave the one before its comma.
  if (is_last && !is_first && !found->comma_end) result.erase((found - 1)->comma_end - 1, 1);
  if (members.size() == 1) {
    const std::size_t open = (*object)->span.begin + 1;
    const std::size_t close = result.find_first_not_of(" \t\r\n", open);
    if (close != std::string::npos && result[close] == '}') result.erase(open, close - open);
  }
  return result;
}

}  // namespace cli
