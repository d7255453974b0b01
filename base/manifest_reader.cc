#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "base/manifest.h"
#include "base/manifest_schema.h"
#include "base/yaml.h"

namespace base {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using nlohmann::json;

constexpr int kMaxMessageDepth = 64;

Error Bad(const std::string& pointer, const std::string& sentence) {
  return Fail(Code::kInvalidArgument, pointer + ": " + sentence);
}

std::string Suggest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string_view meant = DidYouMean(word, candidates);
  return meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?";
}

std::string Describe(const json& value) {
  switch (value.type()) {
    case json::value_t::null: return "null";
    case json::value_t::object: return "an object";
    case json::value_t::array: return "a list";
    case json::value_t::string: return "a string";
    case json::value_t::boolean: return value.get<bool>() ? "true" : "false";
    default: return "a number";
  }
}

Error WrongType(const std::string& pointer, std::string_view expected, const json& value) {
  std::string sentence = "expected " + std::string(expected) + ", found " + Describe(value);
  if (expected == "a string" && (value.is_number() || value.is_boolean()))
    sentence += "; put it in quotes";
  return Bad(pointer, sentence);
}

// The integer that `value` spells: a number without a fraction, or a decimal string.
template <class Integer>
Result<Integer> ReadInteger(const json& value, const std::string& pointer) {
  auto out_of_range = [&] {
    return Bad(pointer, "out of range: " + std::to_string(std::numeric_limits<Integer>::min()) +
                            " to " + std::to_string(std::numeric_limits<Integer>::max()));
  };
  if (value.is_number_unsigned()) {
    auto number = value.get<std::uint64_t>();
    if (!std::in_range<Integer>(number)) return out_of_range();
    return static_cast<Integer>(number);
  }
  if (value.is_number_integer()) {
    auto number = value.get<std::int64_t>();
    if (!std::in_range<Integer>(number)) return out_of_range();
    return static_cast<Integer>(number);
  }
  if (value.is_number_float()) {
    auto number = value.get<double>();
    if (std::trunc(number) != number) return Bad(pointer, "expected a whole number");
    // Beyond 2^53 a double has lost digits already.
    if (std::abs(number) > 9007199254740992.0) return out_of_range();
    auto whole = static_cast<std::int64_t>(number);
    if (!std::in_range<Integer>(whole)) return out_of_range();
    return static_cast<Integer>(whole);
  }
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    Integer number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) return out_of_range();
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
      return Bad(pointer, "expected a whole number, found \"" + text.substr(0, 40) + "\"");
    }
    return number;
  }
  return WrongType(pointer, "a whole number", value);
}

Result<double> ReadDouble(const json& value, const std::string& pointer) {
  if (value.is_number()) {
    auto number = value.get<double>();
    if (!std::isfinite(number)) return Bad(pointer, "out of range");
    return number;
  }
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value == "Infinity") return std::numeric_limits<double>::infinity();
  if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
  return WrongType(pointer, "a number", value);
}

Result<const EnumValueDescriptor*> ReadEnum(const json& value, const EnumDescriptor& type,
                                            const std::string& pointer) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0 || type.value(i)->name() != "UNSPECIFIED") {
      names.push_back(type.value(i)->name());
    }
  }
  std::string choices = std::accumulate(names.begin(), names.end(), std::string(),
                                        [](const std::string& list, const std::string& name) {
                                          return list.empty() ? name : list + ", " + name;
                                        });
  if (!value.is_string()) return WrongType(pointer, "one of " + choices, value);
  const auto& name = value.get_ref<const std::string&>();
  if (const EnumValueDescriptor* found = type.FindValueByName(name)) return found;
  std::string meant(DidYouMean(name, names));
  if (!meant.empty())
    return Bad(pointer, "unknown value '" + name + "'; did you mean '" + meant + "'?");
  return Bad(pointer, "unknown value '" + name.substr(0, 60) + "'; expected one of " + choices);
}

class Reader {
 public:
  Result<void> ReadMessage(const json& tree, Message& out, const std::string& pointer, int depth) {
    if (depth > kMaxMessageDepth) return Bad(pointer, "nested too deep");
    if (!tree.is_object()) return WrongType(pointer, "an object", tree);
    const Descriptor& type = *out.GetDescriptor();
    const OneofDescriptor* spec = manifest::SpecOneof(type);
    std::set<const FieldDescriptor*> seen;
    for (const auto& [key, value] : tree.items()) {
      std::string here = PointerTo(pointer, key);
      const FieldDescriptor* field = nullptr;
      if (spec && key == "spec" && !type.FindFieldByName("spec")) {
        auto selected = SpecField(tree, *spec, pointer);
        if (!selected) return selected.error();
        field = *selected;
      } else {
        field = FindField(type, key);
      }
      if (!field)
        return Bad(here, "unknown field" + Suggest(key, FieldNames(type, spec != nullptr)));
      if (!seen.insert(field).second) {
        return Bad(here, "the field '" + field->name() + "' is given twice");
      }
      if (value.is_null()) continue;
      if (const OneofDescriptor* oneof = field->real_containing_oneof()) {
        if (out.GetReflection()->HasOneof(out, oneof)) {
          const FieldDescriptor* other = out.GetReflection()->GetOneofFieldDescriptor(out, oneof);
          return Bad(here,
                     "'" + other->name() + "' and '" + field->name() + "' exclude each other");
        }
      }
      if (auto read = ReadField(value, *field, out, here, depth); !read) return read.error();
    }
    if (spec) return FillKind(*spec, out, pointer);
    return {};
  }

 private:
  static const FieldDescriptor* FindField(const Descriptor& type, const std::string& key) {
    if (const FieldDescriptor* field = type.FindFieldByName(key)) return field;
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->json_name() == key) return type.field(i);
    }
    return nullptr;
  }

  static std::vector<std::string> FieldNames(const Descriptor& type, bool file_form) {
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
    if (file_form) names.emplace_back("spec");
    return names;
  }

  // The field of the oneof that `kind` selects.
  static Result<const FieldDescriptor*> SpecField(const json& tree, const OneofDescriptor& spec,
                                                  const std::string& pointer) {
    auto kind = tree.find("kind");
    if (kind == tree.end())
      return Bad(PointerTo(pointer, "kind"), "missing; it says what the spec is");
    if (!kind->is_string()) return WrongType(PointerTo(pointer, "kind"), "a string", *kind);
    const auto& name = kind->get_ref<const std::string&>();
    std::vector<std::string> kinds;
    for (int i = 0; i < spec.field_count(); ++i) {
      if (spec.field(i)->message_type()->name() == name) return spec.field(i);
      kinds.push_back(spec.field(i)->message_type()->name());
    }
    return Bad(PointerTo(pointer, "kind"),
               "unknown kind '" + name.substr(0, 60) + "'" + Suggest(name, kinds));
  }

  // The kind that was left out; or the one that contradicts the spec.
  static Result<void> FillKind(const OneofDescriptor& spec, Message& out,
                               const std::string& pointer) {
    const Reflection& reflection = *out.GetReflection();
    const FieldDescriptor* chosen = reflection.GetOneofFieldDescriptor(out, &spec);
    if (!chosen) return {};
    const FieldDescriptor* kind = out.GetDescriptor()->FindFieldByName("kind");
    std::string given = reflection.GetString(out, kind);
    const std::string& actual = chosen->message_type()->name();
    if (!given.empty() && given != actual) {
      return Bad(PointerTo(pointer, "kind"),
                 "'" + given + "' does not fit the spec, which is a " + actual);
    }
    reflection.SetString(&out, kind, actual);
    return {};
  }

  Result<void> ReadField(const json& value, const FieldDescriptor& field, Message& out,
                         const std::string& pointer, int depth) {
    if (!field.is_repeated()) return ReadValue(value, field, out, pointer, depth);
    if (!value.is_array()) return WrongType(pointer, "a list", value);
    std::size_t index = 0;
    for (const json& element : value) {
      if (auto read = ReadValue(element, field, out, PointerTo(pointer, index++), depth); !read)
        return read.error();
    }
    return {};
  }

  // Sets a singular field, or adds to a repeated one.
  Result<void> ReadValue(const json& value, const FieldDescriptor& field, Message& out,
                         const std::string& pointer, int depth) {
    const Reflection& reflection = *out.GetReflection();
    const bool add = field.is_repeated();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        Message& child =
            add ? *reflection.AddMessage(&out, &field) : *reflection.MutableMessage(&out, &field);
        return ReadMessage(value, child, pointer, depth + 1);
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        if (!value.is_string()) return WrongType(pointer, "a string", value);
        std::string text = value.get<std::string>();
        if (field.type() == FieldDescriptor::TYPE_BYTES) {
          std::optional<std::string> bytes = manifest::DecodeBase64(text);
          if (!bytes) return Bad(pointer, "not base64");
          text = std::move(*bytes);
        } else if (!IsUtf8(text)) {
          return Bad(pointer, "not UTF-8");
        }
        add ? reflection.AddString(&out, &field, std::move(text))
            : reflection.SetString(&out, &field, std::move(text));
        return {};
      }
      case FieldDescriptor::CPPTYPE_BOOL: {
        if (!value.is_boolean()) return WrongType(pointer, "true or false", value);
        bool flag = value.get<bool>();
        add ? reflection.AddBool(&out, &field, flag) : reflection.SetBool(&out, &field, flag);
        return {};
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        auto chosen = ReadEnum(value, *field.enum_type(), pointer);
        if (!chosen) return chosen.error();
        add ? reflection.AddEnum(&out, &field, *chosen) : reflection.SetEnum(&out, &field, *chosen);
        return {};
      }
      case FieldDescriptor::CPPTYPE_INT32: {
        auto number = ReadInteger<std::int32_t>(value, pointer);
        if (!number) return number.error();
        add ? reflection.AddInt32(&out, &field, *number)
            : reflection.SetInt32(&out, &field, *number);
        return {};
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        auto number = ReadInteger<std::int64_t>(value, pointer);
        if (!number) return number.error();
        add ? reflection.AddInt64(&out, &field, *number)
            : reflection.SetInt64(&out, &field, *number);
        return {};
      }
      case FieldDescriptor::CPPTYPE_UINT32: {
        auto number = ReadInteger<std::uint32_t>(value, pointer);
        if (!number) return number.error();
        add ? reflection.AddUInt32(&out, &field, *number)
            : reflection.SetUInt32(&out, &field, *number);
        return {};
      }
      case FieldDescriptor::CPPTYPE_UINT64: {
        auto number = ReadInteger<std::uint64_t>(value, pointer);
        if (!number) return number.error();
        add ? reflection.AddUInt64(&out, &field, *number)
            : reflection.SetUInt64(&out, &field, *number);
        return {};
      }
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        auto number = ReadDouble(value, pointer);
        if (!number) return number.error();
        add ? reflection.AddDouble(&out, &field, *number)
            : reflection.SetDouble(&out, &field, *number);
        return {};
      }
      case FieldDescriptor::CPPTYPE_FLOAT: {
        auto number = ReadDouble(value, pointer);
        if (!number) return number.error();
        auto narrow = static_cast<float>(*number);
        add ? reflection.AddFloat(&out, &field, narrow) : reflection.SetFloat(&out, &field, narrow);
        return {};
      }
    }
    return Bad(pointer, "a field of this type is not read");
  }
};

}  // namespace

Result<void> ReadJson(const json& tree, Message& out) {
  out.Clear();
  return Reader().ReadMessage(tree, out, "", 0);
}

Result<std::vector<json>> ParseYamlDocuments(std::string_view text, const JsonLimits& limits) {
  std::vector<json> documents;
  std::size_t begin = text.find_first_not_of(" \t\r\n");
  bool like_json = begin != std::string_view::npos && (text[begin] == '{' || text[begin] == '[');
  Result<json> tree =
      like_json ? ParseJson(text, limits) : Result<json>(Fail(Code::kInvalidArgument, ""));
  if (tree) {
    documents.push_back(std::move(*tree));
  } else {
    // JSON is nearly YAML: what is not JSON may still be YAML's flow style, or several documents.
    auto yaml = ParseYaml(text, limits);
    if (!yaml) return like_json ? tree.error() : yaml.error();
    documents = std::move(*yaml);
  }
  std::vector<json> flat;
  for (json& document : documents) {
    if (document.is_array()) {
      for (json& element : document) flat.push_back(std::move(element));
    } else {
      flat.push_back(std::move(document));
    }
  }
  return flat;
}

Result<json> ParseYamlOrJson(std::string_view text, const JsonLimits& limits) {
  auto documents = ParseYamlDocuments(text, limits);
  if (!documents) return documents.error();
  if (documents->empty()) return {boost::system::in_place_value, json::object()};
  if (documents->size() > 1)
    return Fail(Code::kInvalidArgument, "expected one document, found several");
  return {boost::system::in_place_value, std::move(documents->front())};
}

std::string_view DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  // Levenshtein's distance, letters in either case; a third of the word may differ.
  std::string_view best;
  std::size_t best_distance = std::min<std::size_t>(3, word.size() / 3 + 1) + 1;
  if (word.size() > 64) return best;
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const std::string& candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t k = 0; k < candidate.size(); ++k) {
        std::size_t changed = diagonal + (lower(word[i]) == lower(candidate[k]) ? 0 : 1);
        diagonal = row[k + 1];
        row[k + 1] = std::min({changed, row[k] + 1, row[k + 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace base
