#include "registry/search/document.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/json_scanner.h"

namespace registry::search {
namespace {

// Goes through a definition without making a tree of it: at the start every definition is read. Each
// function stands before a value, goes behind it, and returns false when the text is no JSON.
class DefinitionReader {
 public:
  explicit DefinitionReader(std::string_view text) : text_(text), scanner_(text) {}

  bool Definition(ToolDocument& out) {
    scanner_.SkipSpaces();
    std::string title_of_notes;
    const bool good = Members([&](std::string_view key) {
      if (key == "title") return Text(out.title);
      if (key == "description") return Text(out.description);
      if (key == "inputSchema") return Schema(out);
      if (key == "annotations") {
        return Members(
            [&](std::string_view note) { return note == "title" ? Text(title_of_notes) : Skip(); });
      }
      return Skip();
    });
    if (out.title.empty()) out.title = std::move(title_of_notes);
    return good && AtEnd();
  }

  bool Schema(ToolDocument& out) {
    return Members([&](std::string_view key) {
      if (key == "required") return Names(out.required);
      if (key == "properties") return Properties(out.parameters);
      return Skip();
    });
  }

  // The text of the member's value; empty when there is none.
  std::string_view Member(std::string_view wanted) {
    scanner_.SkipSpaces();
    std::string_view found;
    const bool good = scanner_.peek() == '{' && Members([&](std::string_view key) {
                        const std::uint32_t begin = scanner_.offset();
                        const bool is_object = scanner_.peek() == '{';
                        if (!Skip()) return false;
                        if (key == wanted && is_object)
                          found = text_.substr(begin, scanner_.offset() - begin);
                        return true;
                      });
    return good ? found : std::string_view();
  }

  bool SkipSpacesTo(char wanted) {
    scanner_.SkipSpaces();
    return scanner_.peek() == wanted;
  }

 private:
  bool AtEnd() {
    scanner_.SkipSpaces();
    return scanner_.at_end();
  }
  bool Skip() { return scanner_.Value(0); }

  bool String(std::string& out) {
    const std::uint32_t begin = scanner_.offset();
    bool has_escape = false;
    if (!scanner_.String(has_escape)) return false;
    const std::string_view quoted = text_.substr(begin, scanner_.offset() - begin);
    if (!has_escape) {
      out = quoted.substr(1, quoted.size() - 2);
      return true;
    }
    const auto value = nlohmann::json::parse(quoted, nullptr, /*allow_exceptions=*/false);
    if (!value.is_string()) return false;
    out = value.get<std::string>();
    return true;
  }

  // What is no string is passed over.
  bool Text(std::string& out) { return scanner_.peek() == '"' ? String(out) : Skip(); }

  // Of an object; what is none is passed over.
  template <class Function>
  bool Members(Function member) {
    if (scanner_.peek() != '{') return Skip();
    scanner_.Expect('{');
    scanner_.SkipSpaces();
    if (scanner_.peek() == '}') return scanner_.Expect('}');
    std::string key;
    while (true) {
      if (!String(key)) return false;
      scanner_.SkipSpaces();
      if (!scanner_.Expect(':')) return false;
      scanner_.SkipSpaces();
      if (!member(std::string_view(key))) return false;
      scanner_.SkipSpaces();
      if (scanner_.peek() != ',') return scanner_.Expect('}');
      scanner_.Expect(',');
      scanner_.SkipSpaces();
    }
  }

  bool Names(std::vector<std::string>& out) {
    if (scanner_.peek() != '[') return Skip();
    scanner_.Expect('[');
    scanner_.SkipSpaces();
    if (scanner_.peek() == ']') return scanner_.Expect(']');
    while (true) {
      const bool is_name = scanner_.peek() == '"';
      if (is_name ? !String(out.emplace_back()) : !Skip()) return false;
      scanner_.SkipSpaces();
      if (scanner_.peek() != ',') return scanner_.Expect(']');
      scanner_.Expect(',');
      scanner_.SkipSpaces();
    }
  }

  bool Properties(std::vector<Parameter>& out) {
    return Members([&](std::string_view name) {
      Parameter& parameter = out.emplace_back();
      parameter.name = name;
      return Members([&](std::string_view key) {
        return key == "description" ? Text(parameter.description) : Skip();
      });
    });
  }

  const std::string_view text_;
  mcp::JsonScanner scanner_;
};

}  // namespace

std::string ServerDocument::ToolId(const ToolDocument& tool) const {
  return (base_path.empty() ? name : base_path) + "." + tool.name;
}

const ToolDocument* ServerDocument::FindTool(std::string_view tool) const {
  for (const ToolDocument& candidate : tools) {
    if (candidate.name == tool) return &candidate;
  }
  return nullptr;
}

bool ReadDefinition(std::string_view definition, ToolDocument& out) {
  DefinitionReader reader(definition);
  return reader.SkipSpacesTo('{') && reader.Definition(out);
}

void ReadInputSchema(std::string_view schema, ToolDocument& out) {
  DefinitionReader reader(schema);
  ToolDocument read;
  if (!reader.SkipSpacesTo('{') || !reader.Schema(read)) return;
  out.parameters = std::move(read.parameters);
  out.required = std::move(read.required);
}

std::string InputSchemaOf(std::string_view definition) {
  const std::string_view schema = DefinitionReader(definition).Member("inputSchema");
  if (schema.empty()) return {};
  const auto tree = nlohmann::ordered_json::parse(schema, nullptr, /*allow_exceptions=*/false);
  return tree.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace registry::search
