#include "policy/secrets.h"

#include <google/protobuf/message.h>

#include <vector>

namespace policy {
namespace {

namespace pb = google::protobuf;
namespace v1 = portolan::v1;

base::Result<void> Walk(pb::Message& message, const std::string& pointer,
                        const SecretVisitor& visit) {
  if (message.GetDescriptor() == v1::Secret::descriptor())
    return visit(static_cast<v1::Secret&>(message), pointer);
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string here = pointer + "/" + field->name();
    if (!field->is_repeated()) {
      const auto ok = Walk(*reflection.MutableMessage(&message, field), here, visit);
      if (ok.has_error()) return ok.error();
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      const auto ok = Walk(*reflection.MutableRepeatedMessage(&message, field, i),
                           here + "/" + std::to_string(i), visit);
      if (ok.has_error()) return ok.error();
    }
  }
  return {};
}

}  // namespace

base::Result<void> ForEachSecret(v1::Resource& resource, const SecretVisitor& visit) {
  const auto* spec = resource.GetReflection()->GetOneofFieldDescriptor(
      resource, v1::Resource::descriptor()->FindOneofByName("spec"));
  if (!spec) return {};
  return Walk(*resource.GetReflection()->MutableMessage(&resource, spec), "/spec", visit);
}

}  // namespace policy
