#include "registry/catalog/visibility.h"

namespace registry {

bool SeesEverything(const base::auth::Principal& who) {
  return who.HasRole("admin") || who.HasRole("gateway");
}

bool IsInAudience(const base::auth::Principal& who, std::string_view audience) {
  if (audience == "public") return true;
  if (audience == "authenticated") return !who.anonymous();
  // consumer:NAME and the principal's consumer/NAME
  constexpr std::string_view kConsumer = "consumer:";
  return audience.starts_with(kConsumer) && who.id.starts_with("consumer/") &&
         std::string_view(who.id).substr(kConsumer.size()) == audience.substr(kConsumer.size());
}

bool CanSee(const base::auth::Principal& who, const portolan::v1::Server& server) {
  return CanSeeAudiences(who, server.visibility().audiences());
}

}  // namespace registry
