#include "registry/catalog/visibility.h"

#include <algorithm>

namespace registry {

bool CanSee(const base::auth::Principal& who, const portolan::v1::Server& server) {
  if (who.HasRole("admin") || who.HasRole("gateway")) return true;
  const auto& audiences = server.visibility().audiences();
  if (audiences.empty()) return true;
  return std::any_of(audiences.begin(), audiences.end(), [&](const std::string& audience) {
    if (audience == "public") return true;
    if (audience == "authenticated") return !who.anonymous();
    // consumer:NAME and the principal's consumer/NAME
    constexpr std::string_view kConsumer = "consumer:";
    return audience.starts_with(kConsumer) && who.id.starts_with("consumer/") &&
           std::string_view(who.id).substr(kConsumer.size()) ==
               std::string_view(audience).substr(kConsumer.size());
  });
}

}  // namespace registry
