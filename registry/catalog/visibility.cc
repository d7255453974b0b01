#include "registry/catalog/visibility.h"

#include "registry/catalog/permissions.h"

namespace registry {

bool SeesAllOf(const base::auth::Principal& who, std::string_view server) {
  return who.HasRole("gateway") || MayIn(who, Right::kView, NamespaceOf(server));
}

bool IsInAudience(const base::auth::Principal& who, std::string_view audience) {
  if (audience == "public") return true;
  if (audience == "authenticated") return !who.anonymous();
  constexpr std::string_view kGroup = "group:";
  if (audience.starts_with(kGroup)) {
    const std::string_view group = audience.substr(kGroup.size());
    return std::find(who.groups.begin(), who.groups.end(), group) != who.groups.end();
  }
  // consumer:NAME and the principal's consumer/NAME
  constexpr std::string_view kConsumer = "consumer:";
  return audience.starts_with(kConsumer) && who.id.starts_with("consumer/") &&
         std::string_view(who.id).substr(kConsumer.size()) == audience.substr(kConsumer.size());
}

bool CanSee(const base::auth::Principal& who, std::string_view name,
            const portolan::v1::Server& server) {
  if (SeesAllOf(who, name)) return true;
  return server.approval() == portolan::v1::Approval::APPROVED &&
         CanSeeAudiences(who, name, server.visibility().audiences());
}

}  // namespace registry
