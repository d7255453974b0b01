#include "registry/catalog/references.h"

#include "base/json.h"
#include "registry/catalog/metadata.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

constexpr std::string_view kConsumerPrincipal = "consumer/";
constexpr std::string_view kTokenPrincipal = "token/";

// Whom a word means that begins with `prefix`: `consumer:alice`. Empty when it does not.
std::string_view After(std::string_view word, std::string_view prefix) {
  return word.starts_with(prefix) ? word.substr(prefix.size()) : std::string_view();
}

class References {
 public:
  void Must(std::string kind, std::string name, std::string pointer, std::string_view relation) {
    Add(std::move(kind), std::move(name), std::move(pointer), relation, true);
  }
  void May(std::string kind, std::string name, std::string pointer, std::string_view relation) {
    Add(std::move(kind), std::move(name), std::move(pointer), relation, false);
  }
  // A principal that is a resource itself.
  void Principal(std::string_view id, const std::string& pointer, std::string_view relation) {
    May("Consumer", std::string(After(id, kConsumerPrincipal)), pointer, relation);
    May("Token", std::string(After(id, kTokenPrincipal)), pointer, relation);
  }
  // `group:PROVIDER/GROUP`
  void Group(std::string_view group, const std::string& pointer, std::string_view relation) {
    May("IdentityProvider", std::string(group.substr(0, group.find('/'))), pointer, relation);
  }
  std::vector<Reference> Take() { return std::move(all_); }

 private:
  void Add(std::string kind, std::string name, std::string pointer, std::string_view relation,
           bool must_exist) {
    if (name.empty()) return;
    all_.push_back({std::move(kind), std::move(name), std::move(pointer), relation, must_exist});
  }

  std::vector<Reference> all_;
};

void OfVisibility(const v1::Visibility& visibility, References& out) {
  for (int i = 0; i < visibility.audiences_size(); ++i) {
    const std::string& audience = visibility.audiences(i);
    const std::string pointer = "/spec/visibility/audiences/" + std::to_string(i);
    out.May("Consumer", std::string(After(audience, "consumer:")), pointer, "is shown to it");
    out.Principal(After(audience, "principal:"), pointer, "is shown to it");
    out.Group(After(audience, "group:"), pointer, "is shown to groups of it");
  }
}

void OfServer(const v1::Resource& resource, References& out) {
  const v1::Server& server = resource.server();
  out.Must("Environment", server.environment(), "/spec/environment", "runs in it");
  out.Must("Server", server.successor(), "/spec/successor", "names it as its successor");
  out.Must("Credential", server.credential(), "/spec/credential", "is shown it");
  if (!server.current_version().empty()) {
    out.May("ServerVersion", resource.name() + "@" + server.current_version(),
            "/spec/current_version", "shows it as its current version");
  }
  for (const std::string& member : MetadataMembers(server)) {
    out.Must("MetadataSchema", member, base::PointerTo("/spec/metadata_json", member),
             "has a value of it");
  }
  OfVisibility(server.visibility(), out);
}

void OfPolicySet(const v1::PolicySet& set, References& out) {
  out.Must("Server", set.attach().server(), "/spec/attach/server", "is attached to it");
  out.Must("Product", set.attach().product(), "/spec/attach/product", "is attached to it");
  out.Must("Consumer", set.attach().consumer(), "/spec/attach/consumer", "is attached to it");
  for (int i = 0; i < set.rules_size(); ++i) {
    if (const std::string& name = set.rules(i).upstream().credential(); name != "-") {
      out.Must("Credential", name, "/spec/rules/" + std::to_string(i) + "/upstream/credential",
               "has servers shown it");
    }
    const v1::Authenticate& authenticate = set.rules(i).authenticate();
    for (int k = 0; k < authenticate.any_of_size(); ++k) {
      out.Must("IdentityProvider", authenticate.any_of(k).jwt().provider(),
               "/spec/rules/" + std::to_string(i) + "/authenticate/any_of/" + std::to_string(k) +
                   "/jwt/provider",
               "demands tokens of it");
    }
  }
}

void OfProduct(const v1::Product& product, References& out) {
  for (int i = 0; i < product.servers_size(); ++i)
    out.Must("Server", product.servers(i), "/spec/servers/" + std::to_string(i), "offers it");
  OfVisibility(product.visibility(), out);
}

void OfSubscription(const v1::Subscription& subscription, References& out) {
  out.Must("Product", subscription.product(), "/spec/product", "lets somebody use it");
  out.Must("Consumer", subscription.consumer(), "/spec/consumer", "lets it use a product");
  out.Principal(subscription.principal(), "/spec/principal", "lets it use a product");
}

void OfRoleBinding(const v1::RoleBinding& binding, References& out) {
  for (int i = 0; i < binding.subjects_size(); ++i) {
    const std::string& subject = binding.subjects(i);
    const std::string pointer = "/spec/subjects/" + std::to_string(i);
    out.May("Token", std::string(After(subject, "token:")), pointer, "gives it a role");
    out.Principal(After(subject, "principal:"), pointer, "gives it a role");
    out.Group(After(subject, "group:"), pointer, "gives groups of it a role");
  }
}

}  // namespace

std::vector<Reference> ReferencesOf(const v1::Resource& resource) {
  References out;
  switch (resource.spec_case()) {
    case v1::Resource::kServer: OfServer(resource, out); break;
    case v1::Resource::kServerVersion:
      out.Must("Server", resource.name().substr(0, resource.name().find('@')), "/name",
               "is a version of it");
      break;
    case v1::Resource::kPolicySet: OfPolicySet(resource.policy_set(), out); break;
    case v1::Resource::kApiKey:
      out.Must("Consumer", resource.api_key().consumer(), "/spec/consumer", "proves it");
      out.Must("Subscription", resource.api_key().subscription(), "/spec/subscription",
               "proves it");
      break;
    case v1::Resource::kProduct: OfProduct(resource.product(), out); break;
    case v1::Resource::kSubscription: OfSubscription(resource.subscription(), out); break;
    case v1::Resource::kRoleBinding: OfRoleBinding(resource.role_binding(), out); break;
    case v1::Resource::kAccessRequest: {
      const v1::AccessRequest& request = resource.access_request();
      out.May("Server", request.server(), "/spec/server", "asks for it");
      out.Principal(request.principal(), "/spec/principal", "was made by it");
      break;
    }
    case v1::Resource::kCredential:
      out.Must("Credential", resource.credential().token_exchange().actor_credential(),
               "/spec/token_exchange/actor_credential", "shows it as its actor's");
      break;
    default: break;
  }
  return out.Take();
}

std::vector<std::string_view> KindsReferringTo(std::string_view kind) {
  if (kind == "Server") return {"ServerVersion", "PolicySet", "Product", "Server", "AccessRequest"};
  if (kind == "Consumer") {
    return {"Subscription", "ApiKey",      "PolicySet",    "Server",
            "Product",      "RoleBinding", "AccessRequest"};
  }
  if (kind == "Product") return {"Subscription", "PolicySet"};
  if (kind == "Subscription") return {"ApiKey"};
  if (kind == "Token") return {"Server", "Product", "Subscription", "RoleBinding", "AccessRequest"};
  if (kind == "Credential") return {"Server", "PolicySet", "Credential"};
  if (kind == "IdentityProvider") return {"Server", "Product", "RoleBinding", "PolicySet"};
  if (kind == "Environment" || kind == "MetadataSchema" || kind == "ServerVersion")
    return {"Server"};
  return {};
}

}  // namespace registry
