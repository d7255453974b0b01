#include "policy/expression/attributes.h"

#include <array>

namespace policy {
namespace {

constexpr std::array kAttributes = {
    Attribute{"principal.id", Type::kString, kAllKnown, &Facts::principal_id},
    Attribute{"principal.kind", Type::kString, kAllKnown, &Facts::principal_kind},
    Attribute{"principal.tenant", Type::kString, kAllKnown, &Facts::principal_tenant},
    Attribute{"principal.claims", Type::kMap, kAllKnown, &Facts::principal_claims},
    Attribute{"subscription.id", Type::kString, kAllKnown, &Facts::subscription_id},
    Attribute{"product.name", Type::kString, kAllKnown, &Facts::product_name},
    Attribute{"server.name", Type::kString, kAllKnown, &Facts::server_name},
    Attribute{"server.tags", Type::kList, kAllKnown, &Facts::server_tags},
    Attribute{"tool.name", Type::kString, kAllKnown, &Facts::tool_name},
    Attribute{"resource.name", Type::kString, kUnknownResource, &Facts::resource_uri},
    Attribute{"prompt.name", Type::kString, kAllKnown, &Facts::prompt_name},
    Attribute{"method", Type::kString, kAllKnown, &Facts::method},
    Attribute{"args", Type::kMap, kUnknownArguments, &Facts::args},
    Attribute{"request.ip", Type::kString, kUnknownRequest, &Facts::request_ip},
    Attribute{"request.headers", Type::kHeaders, kUnknownHeaders},
    Attribute{"request.protocol", Type::kString, kUnknownRequest, &Facts::request_protocol},
    Attribute{"client.name", Type::kString, kAllKnown, &Facts::client_name},
    Attribute{"client.version", Type::kString, kAllKnown, &Facts::client_version},
    Attribute{"now", Type::kTime, kUnknownTime},
};

}  // namespace

std::span<const Attribute> Attributes() { return kAttributes; }

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kAny: return "a value";
    case Type::kNull: return "null";
    case Type::kBool: return "bool";
    case Type::kInt: return "int";
    case Type::kDouble: return "double";
    case Type::kString: return "string";
    case Type::kTime: return "time";
    case Type::kList: return "list";
    case Type::kMap: return "map";
    case Type::kHeaders: return "headers";
  }
  return "a value";
}

}  // namespace policy
