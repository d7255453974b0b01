#include "registry/catalog/credential_use.h"

#include <google/protobuf/util/message_differencer.h>

#include <set>
#include <string>

#include "registry/catalog/permissions.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

// False also of one that is not there.
base::Result<bool> GoesAnywhere(Transaction& store, const std::string& name) {
  const auto stored = store.Find("Credential", name);
  if (stored.has_error()) return stored.error();
  if (!*stored) return false;
  const auto resource = ToResource(**stored);
  if (resource.has_error()) return resource.error();
  return resource->credential().hosts().empty();
}

base::Result<void> CheckServerUse(Transaction& store, const v1::Server& server,
                                  const v1::Server* before, const base::auth::Principal& who) {
  if (server.credential().empty() || May(who, Right::kAdminister)) return {};
  using google::protobuf::util::MessageDifferencer;
  const bool same = before && before->credential() == server.credential() &&
                    MessageDifferencer::Equals(before->endpoint(), server.endpoint());
  if (same) return {};
  const auto anywhere = GoesAnywhere(store, server.credential());
  if (anywhere.has_error()) return anywhere.error();
  if (!*anywhere) return {};
  return base::Fail(base::Code::kPermissionDenied,
                    "/spec/credential: '" + server.credential() +
                        "' goes wherever its servers are, so only role admin may name it or move "
                        "its servers; one that says its hosts may be named by others");
}

// `-` names none.
bool NamesOne(const v1::Rule& rule) {
  const std::string& name = rule.upstream().credential();
  return !name.empty() && name != "-";
}

base::Result<void> CheckRules(Transaction& store, const v1::PolicySet& set,
                              const v1::PolicySet* before) {
  std::set<std::string> known;
  if (before) {
    for (const v1::Rule& rule : before->rules()) known.insert(rule.upstream().credential());
  }
  for (int i = 0; i < set.rules_size(); ++i) {
    const std::string& name = set.rules(i).upstream().credential();
    if (!NamesOne(set.rules(i)) || known.contains(name)) continue;
    const auto anywhere = GoesAnywhere(store, name);
    if (anywhere.has_error()) return anywhere.error();
    if (!*anywhere) continue;
    return FieldError("/spec/rules/" + std::to_string(i) + "/upstream/credential",
                      "'" + name + "' must say its hosts before rules may name it");
  }
  return {};
}

}  // namespace

base::Result<void> CheckCredentialUse(Transaction& store, const v1::Resource& resource,
                                      const v1::Resource* before,
                                      const base::auth::Principal& who) {
  if (resource.has_server())
    return CheckServerUse(store, resource.server(), before ? &before->server() : nullptr, who);
  if (resource.has_policy_set())
    return CheckRules(store, resource.policy_set(), before ? &before->policy_set() : nullptr);
  return {};
}

}  // namespace registry
