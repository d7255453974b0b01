#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/manifest.h"
#include "base/manifest_schema.h"

namespace base {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using nlohmann::ordered_json;

class Printer {
 public:
  explicit Printer(Spelling spelling) : spelling_(spelling) {}

  ordered_json PrintMessage(const Message& message) const {
    const Descriptor& type = *message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
    const OneofDescriptor* spec =
        spelling_ == Spelling::kSnakeCase ? manifest::SpecOneof(type) : nullptr;
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    ordered_json out = ordered_json::object();
    for (const FieldDescriptor* field : fields) {
      out[Name(*field, spec)] = PrintField(message, *field);
    }
    return out;
  }

 private:
  const std::string& Name(const FieldDescriptor& field, const OneofDescriptor* spec) const {
    static const std::string kSpec = "spec";
    if (spec && field.containing_oneof() == spec) return kSpec;
    return spelling_ == Spelling::kSnakeCase ? field.name() : field.json_name();
  }

  ordered_json PrintField(const Message& message, const FieldDescriptor& field) const {
    if (!field.is_repeated()) return PrintValue(message, field, -1);
    ordered_json list = ordered_json::array();
    int size = message.GetReflection()->FieldSize(message, &field);
    for (int i = 0; i < size; ++i) list.push_back(PrintValue(message, field, i));
    return list;
  }

  // `index` -1: the singular value.
  ordered_json PrintValue(const Message& message, const FieldDescriptor& field, int index) const {
    const Reflection& r = *message.GetReflection();
    const bool one = index < 0;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return PrintMessage(one ? r.GetMessage(message, &field)
                                : r.GetRepeatedMessage(message, &field, index));
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string text =
            one ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, index);
        if (field.type() == FieldDescriptor::TYPE_BYTES) return manifest::EncodeBase64(text);
        return text;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return one ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, index);
      case FieldDescriptor::CPPTYPE_ENUM: {
        int number =
            one ? r.GetEnumValue(message, &field) : r.GetRepeatedEnumValue(message, &field, index);
        const auto* value = field.enum_type()->FindValueByNumber(number);
        // A newer peer's value that we have no name for.
        return value ? ordered_json(value->name()) : ordered_json(number);
      }
      case FieldDescriptor::CPPTYPE_INT32:
        return one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index);
      case FieldDescriptor::CPPTYPE_UINT32:
        return one ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index);
      case FieldDescriptor::CPPTYPE_INT64:
        return Wide(one ? r.GetInt64(message, &field) : r.GetRepeatedInt64(message, &field, index));
      case FieldDescriptor::CPPTYPE_UINT64:
        return Wide(one ? r.GetUInt64(message, &field)
                        : r.GetRepeatedUInt64(message, &field, index));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Real(one ? r.GetDouble(message, &field)
                        : r.GetRepeatedDouble(message, &field, index));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Real(one ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, index));
    }
    return nullptr;
  }

  template <class Integer>
  ordered_json Wide(Integer value) const {
    if (spelling_ == Spelling::kLowerCamelCase) return std::to_string(value);
    return value;
  }
  static ordered_json Real(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    return value;
  }

  const Spelling spelling_;
};

}  // namespace

ordered_json Print(const Message& message, Spelling spelling) {
  return Printer(spelling).PrintMessage(message);
}

}  // namespace base
