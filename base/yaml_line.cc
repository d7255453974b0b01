// Where in a text a value stands; asked only when something is wrong, so the text is read again.
#include <yaml-cpp/yaml.h>

#include <vector>

#include "base/yaml.h"

namespace base {
namespace {

// `~1` is `/`, `~0` is `~` (RFC 6901).
std::string Unescape(std::string_view part) {
  std::string text;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1')) {
      text += part[++i] == '1' ? '/' : '~';
    } else {
      text += part[i];
    }
  }
  return text;
}

std::size_t LineOfMark(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : static_cast<std::size_t>(mark.line) + 1;
}

std::size_t Find(YAML::Node node, std::string_view pointer) {
  std::size_t line = LineOfMark(node.Mark());
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = pointer.find('/');
    const std::string part = Unescape(pointer.substr(0, slash));
    pointer = slash == std::string_view::npos ? std::string_view() : pointer.substr(slash);
    YAML::Node next;
    bool found = false;
    std::size_t index = 0;
    for (const auto& entry : node) {
      const bool here = node.IsMap() ? entry.first.IsScalar() && entry.first.Scalar() == part
                                     : std::to_string(index) == part;
      ++index;
      if (!here) continue;
      line = LineOfMark(node.IsMap() ? entry.first.Mark() : entry.Mark());
      next.reset(node.IsMap() ? entry.second : static_cast<const YAML::Node&>(entry));
      found = true;
      break;
    }
    if (!found) break;
    node.reset(next);
  }
  return line;
}

}  // namespace

std::size_t LineOf(std::string_view text, std::size_t document, std::string_view pointer) {
  try {
    std::size_t index = 0;
    for (const YAML::Node& node : YAML::LoadAll(std::string(text))) {
      if (node.IsNull()) continue;
      if (!node.IsSequence()) {
        if (index++ == document) return Find(node, pointer);
        continue;
      }
      for (const auto& element : node) {
        if (index++ == document) return Find(element, pointer);
      }
    }
  } catch (const YAML::Exception&) {
    // Not known, then.
  }
  return 0;
}

}  // namespace base
