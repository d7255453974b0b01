#include "base/unserved.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace base {
namespace pb = google::protobuf;

namespace {

// In their order, for the search.
constexpr auto kFields = std::to_array<std::string_view>({
    "portolan.v1.Attachment.virtual_server",
    "portolan.v1.Authenticate.Proof.client_certificate",
    "portolan.v1.GatewayBootstrap.outbound",
    "portolan.v1.RateLimit.charge",
    "portolan.v1.RegistryBootstrap.outbound",
    "portolan.v1.Rule.trace",
    "portolan.v1.Server.cors",
    "portolan.v1.ServerTls.certificates",
    "portolan.v1.ServerTls.client_certificates",
});
static_assert(std::is_sorted(kFields.begin(), kFields.end()));

}  // namespace

bool IsUnserved(const pb::FieldDescriptor& field) {
  return std::binary_search(kFields.begin(), kFields.end(), std::string_view(field.full_name()));
}

Result<void> CheckServed(const pb::Message& message, const std::string& pointer) {
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    const std::string here = pointer + "/" + field->name();
    if (IsUnserved(*field))
      return Fail(Code::kInvalidArgument, here + ": is not served by this version of Portolan");
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (auto ok = CheckServed(reflection.GetMessage(message, field), here); !ok) return ok;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      const pb::Message& child = reflection.GetRepeatedMessage(message, field, i);
      if (auto ok = CheckServed(child, here + "/" + std::to_string(i)); !ok) return ok;
    }
  }
  return {};
}

}  // namespace base
