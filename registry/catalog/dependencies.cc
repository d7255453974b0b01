#include "registry/catalog/dependencies.h"

#include <functional>
#include <set>

#include "registry/catalog/permissions.h"
#include "registry/catalog/references.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/visibility.h"
#include "registry/store/store.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

// kNo: enough was seen.
enum class GoOn { kYes, kNo };

// Those of `holder` that may refer to the resource.
base::Result<void> ForEach(Reader& store, std::string_view holder, std::string_view kind,
                           std::string_view name,
                           const std::function<GoOn(const v1::Resource&)>& visit) {
  ListQuery query{.kind = std::string(holder), .limit = 500};
  // Only a server that ends names another.
  if (holder == "Server" && kind == "Server") query.least_lifecycle = v1::Lifecycle::DEPRECATED;
  // A server's versions follow each other, so the others need not be read.
  const std::string prefix = holder == "ServerVersion" ? std::string(name) + "@" : std::string();
  query.after_name = prefix;
  while (true) {
    const auto page = store.List(query);
    if (page.has_error()) return page.error();
    if (page->empty()) return {};
    query.after_name = page->back().name;
    for (const StoredResource& stored : *page) {
      if (!stored.name.starts_with(prefix)) return {};
      const auto resource = ToResource(stored);
      if (resource.has_error()) return resource.error();
      if (visit(*resource) == GoOn::kNo) return {};
    }
  }
}

// Whether the asker may know that there is such a resource.
base::Result<bool> MayKnow(Reader& store, const base::auth::Principal& who, std::string_view kind,
                           const std::string& name) {
  const bool operators_only =
      kind == "ApiKey" || kind == "Subscription" || kind == "Product" || kind == "Credential";
  if (operators_only && !May(who, Right::kOperate)) return false;
  if ((kind == "Token" || kind == "RoleBinding") && !May(who, Right::kAdminister)) return false;
  if (kind == "AccessRequest" && !MaySomewhere(who, Right::kApprove)) return false;
  if (kind != "Server" && kind != "ServerVersion") return true;
  const std::string server = name.substr(0, name.find('@'));
  const auto stored = store.Find("Server", server);
  if (stored.has_error()) return stored.error();
  // What is not there can be told of: somebody wrote its name.
  if (!*stored) return true;
  const auto resource = ToResource(**stored);
  if (resource.has_error()) return resource.error();
  return CanSee(who, server, resource->server());
}

base::Result<void> Add(Reader& store, const base::auth::Principal& who, std::string_view kind,
                       const std::string& name, std::string_view relation,
                       google::protobuf::RepeatedPtrField<v1::Dependency>& out) {
  const auto may = MayKnow(store, who, kind, name);
  if (may.has_error()) return may.error();
  if (!*may || out.size() >= kMaxDependencies) return {};
  v1::Dependency& dependency = *out.Add();
  dependency.set_kind(std::string(kind));
  dependency.set_name(name);
  dependency.set_relation(std::string(relation));
  return {};
}

// What the other is to the holder, by the field that names it.
std::string_view Inverse(std::string_view pointer) {
  if (pointer == "/name") return "is its server";
  if (pointer.ends_with("redential")) return "is what servers are shown";
  if (pointer == "/spec/environment") return "is where it runs";
  if (pointer == "/spec/successor") return "is its successor";
  if (pointer == "/spec/current_version") return "is its current version";
  if (pointer == "/spec/consumer") return "is proved by it";
  if (pointer == "/spec/principal") return "made it";
  if (pointer == "/spec/server") return "is asked for";
  if (pointer == "/spec/product") return "is subscribed to by it";
  if (pointer == "/spec/subscription") return "is proved by it";
  if (pointer.starts_with("/spec/servers/")) return "is offered by it";
  if (pointer.starts_with("/spec/attach")) return "is governed by it";
  if (pointer.starts_with("/spec/rules")) return "is whose tokens it demands";
  if (pointer.starts_with("/spec/subjects")) return "has its role by it";
  return "is one of its audiences";
}

bool GoesWithIt(const v1::Dependency& dependent) {
  return dependent.kind() == "ApiKey" || dependent.kind() == "ServerVersion" ||
         dependent.kind() == "Subscription";
}

}  // namespace

base::Result<v1::ListDependenciesResponse> Dependencies(Reader& store,
                                                        const base::auth::Principal& who,
                                                        std::string_view kind,
                                                        std::string_view name) {
  v1::ListDependenciesResponse response;
  for (const std::string_view holder : KindsReferringTo(kind)) {
    base::Result<void> added;
    const auto walked = ForEach(store, holder, kind, name, [&](const v1::Resource& resource) {
      for (const Reference& reference : ReferencesOf(resource)) {
        if (reference.kind != kind || reference.name != name) continue;
        added = Add(store, who, holder, resource.name(), reference.relation,
                    *response.mutable_dependents());
        break;
      }
      const bool enough = response.dependents_size() >= kMaxDependencies;
      return added.has_error() || enough ? GoOn::kNo : GoOn::kYes;
    });
    if (walked.has_error()) return walked.error();
    if (added.has_error()) return added.error();
  }
  const auto stored = store.Find(kind, name);
  if (stored.has_error()) return stored.error();
  if (!*stored) return response;
  const auto resource = ToResource(**stored);
  if (resource.has_error()) return resource.error();
  for (const Reference& reference : ReferencesOf(*resource)) {
    const auto added = Add(store, who, reference.kind, reference.name, Inverse(reference.pointer),
                           *response.mutable_dependencies());
    if (added.has_error()) return added.error();
  }
  return response;
}

std::vector<std::string> Warnings(
    const google::protobuf::RepeatedPtrField<v1::Dependency>& dependents) {
  std::vector<std::string> sentences;
  int keys = 0;
  int subscriptions = 0;
  int versions = 0;
  for (const v1::Dependency& dependent : dependents) {
    if (GoesWithIt(dependent)) {
      if (dependent.kind() == "ApiKey") ++keys;
      if (dependent.kind() == "Subscription") ++subscriptions;
      if (dependent.kind() == "ServerVersion") ++versions;
      continue;
    }
    sentences.push_back(dependent.kind() + " '" + dependent.name() + "' " + dependent.relation());
  }
  const auto count = [&](int number, const std::string& noun) {
    if (number == 0) return;
    sentences.push_back(number == 1
                            ? "its " + noun + " goes with it"
                            : "its " + std::to_string(number) + " " + noun + "s go with it");
  };
  count(versions, "version");
  count(subscriptions, "subscription");
  count(keys, "key");
  return sentences;
}

}  // namespace registry
