#include "registry/catalog/validate.h"

#include "base/json.h"
#include "base/unserved.h"
#include "policy/credential.h"
#include "policy/validate.h"
#include "registry/catalog/metadata.h"
#include "registry/catalog/names.h"

namespace registry {
namespace {

namespace pb = google::protobuf;
namespace v1 = portolan::v1;

// The largest string of a message, for an error that names it.
struct Largest {
  std::string pointer;
  std::size_t bytes = 0;
};

// Visits each set field of the message: unknown enum values and unknown fields are errors, and the
// largest string is found.
base::Result<void> Walk(const pb::Message& message, const std::string& pointer, Largest& largest) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (const auto& unknown = reflection.GetUnknownFields(message); unknown.field_count() > 0) {
    return FieldError(pointer,
                      "unknown field, number " + std::to_string(unknown.field(0).number()));
  }
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    const bool repeated = field->is_repeated();
    const int count = repeated ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string here =
          pointer + "/" + field->name() + (repeated ? "/" + std::to_string(i) : "");
      switch (field->cpp_type()) {
        case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
          const pb::Message& child = repeated ? reflection.GetRepeatedMessage(message, field, i)
                                              : reflection.GetMessage(message, field);
          if (const auto ok = Walk(child, here, largest); ok.has_error()) return ok.error();
          break;
        }
        case pb::FieldDescriptor::CPPTYPE_STRING: {
          std::string scratch;
          const std::string& text =
              repeated ? reflection.GetRepeatedStringReference(message, field, i, &scratch)
                       : reflection.GetStringReference(message, field, &scratch);
          if (text.size() > largest.bytes) largest = {here, text.size()};
          if (field->type() == pb::FieldDescriptor::TYPE_STRING &&
              text.find('\0') != std::string::npos) {
            return FieldError(here, "must not contain a NUL character");
          }
          break;
        }
        case pb::FieldDescriptor::CPPTYPE_ENUM: {
          const int value = repeated ? reflection.GetRepeatedEnumValue(message, field, i)
                                     : reflection.GetEnumValue(message, field);
          if (!field->enum_type()->FindValueByNumber(value)) {
            return FieldError(here, "unknown value " + std::to_string(value));
          }
          break;
        }
        default: break;
      }
    }
  }
  return {};
}

const pb::OneofDescriptor& SpecOneof() {
  return *v1::Resource::descriptor()->FindOneofByName("spec");
}

base::Result<void> CheckClaims(const std::string& claims_json) {
  if (claims_json.empty()) return {};
  if (claims_json.size() > 4096) return FieldError("/spec/claims_json", "at most 4,096 bytes");
  const auto claims = base::ParseJson(claims_json);
  if (claims.has_error()) return FieldError("/spec/claims_json", claims.error().message);
  if (!claims->is_object())
    return FieldError("/spec/claims_json", R"(must be an object: {"groups":["refunds"]})");
  return {};
}

base::Result<void> ValidateSpecOf(const v1::Resource& resource) {
  switch (resource.spec_case()) {
    case v1::Resource::kServer: {
      if (const auto ok = CheckServerName(resource.name()); ok.has_error()) return ok.error();
      return ValidateServer(resource.server());
    }
    case v1::Resource::kServerVersion:
      return ValidateServerVersion(resource.name(), resource.server_version());
    case v1::Resource::kPolicySet: {
      if (const auto ok = CheckPlainName(resource.name()); ok.has_error()) return ok.error();
      return policy::Validate(resource.policy_set());
    }
    case v1::Resource::kConsumer: {
      if (const auto ok = CheckPlainName(resource.name()); ok.has_error()) return ok.error();
      const v1::Consumer& consumer = resource.consumer();
      if (consumer.tenant().size() > 200) return FieldError("/spec/tenant", "at most 200 bytes");
      if (consumer.description().size() > 4096)
        return FieldError("/spec/description", "at most 4,096 bytes");
      return CheckClaims(consumer.claims_json());
    }
    case v1::Resource::kApiKey: return ValidateApiKey(resource.name(), resource.api_key());
    case v1::Resource::kProduct: return ValidateProduct(resource.name(), resource.product());
    case v1::Resource::kSubscription:
      return ValidateSubscription(resource.name(), resource.subscription());
    case v1::Resource::kSyncSource:
      return ValidateSyncSource(resource.name(), resource.sync_source());
    case v1::Resource::kToken: return ValidateToken(resource.name(), resource.token());
    case v1::Resource::kRoleBinding: {
      if (const auto ok = CheckPlainName(resource.name()); ok.has_error()) return ok.error();
      return ValidateRoleBinding(resource.role_binding());
    }
    case v1::Resource::kEnvironment:
      return ValidateEnvironment(resource.name(), resource.environment());
    case v1::Resource::kAccessRequest:
      return ValidateAccessRequest(resource.name(), resource.access_request());
    case v1::Resource::kMetadataSchema:
      return ValidateMetadataSchema(resource.name(), resource.metadata_schema());
    case v1::Resource::kIdentityProvider:
      return ValidateIdentityProvider(resource.name(), resource.identity_provider());
    case v1::Resource::kCredential: {
      if (IsLabel(resource.name())) return policy::Validate(resource.credential());
      return FieldError("/name",
                        "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
    }
    case v1::Resource::SPEC_NOT_SET: break;
  }
  return FieldError("/spec", "is missing");
}

}  // namespace

base::Error FieldError(std::string_view pointer, std::string_view what) {
  return base::Fail(base::Code::kInvalidArgument, std::string(pointer) + ": " + std::string(what));
}

std::string KindOf(const v1::Resource& resource) {
  const pb::FieldDescriptor* field =
      resource.GetReflection()->GetOneofFieldDescriptor(resource, &SpecOneof());
  return field ? field->message_type()->name() : std::string();
}

bool IsKind(std::string_view kind) {
  for (int i = 0; i < SpecOneof().field_count(); ++i) {
    if (SpecOneof().field(i)->message_type()->name() == kind) return true;
  }
  return false;
}

base::Result<void> Validate(const v1::Resource& resource) {
  const pb::FieldDescriptor* spec =
      resource.GetReflection()->GetOneofFieldDescriptor(resource, &SpecOneof());
  if (!spec) {
    return resource.kind().empty() || IsKind(resource.kind())
               ? FieldError("/spec", "is missing")
               : FieldError("/kind", "there is no kind '" + resource.kind().substr(0, 80) + "'");
  }
  const std::string& kind = spec->message_type()->name();
  if (!resource.kind().empty() && resource.kind() != kind) {
    return FieldError(
        "/kind", "is '" + resource.kind().substr(0, 80) + "', but the spec is that of a " + kind);
  }
  if (base::IsUnserved(*spec))
    return FieldError("/kind", kind + " is not served by this version of Portolan");
  const pb::Message& body = resource.GetReflection()->GetMessage(resource, spec);
  Largest largest;
  if (const auto ok = Walk(body, "/spec", largest); ok.has_error()) return ok.error();
  if (const auto ok = base::CheckServed(body, "/spec"); ok.has_error()) return ok.error();
  if (const std::size_t bytes = body.ByteSizeLong(); bytes > kMaxSpecBytes) {
    return FieldError(largest.pointer, "too large: this field has " +
                                           std::to_string(largest.bytes) +
                                           " bytes, and a whole spec may have at most " +
                                           std::to_string(kMaxSpecBytes));
  }
  return ValidateSpecOf(resource);
}

}  // namespace registry
