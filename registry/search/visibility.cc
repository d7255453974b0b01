#include "registry/search/visibility.h"

#include <algorithm>

namespace registry::search {
namespace {

constexpr std::string_view kConsumerAudience = "consumer:";
constexpr std::string_view kConsumerPrincipal = "consumer/";

bool Includes(std::string_view audience, const base::auth::Principal& principal) {
  if (audience == "public") return true;
  if (audience == "authenticated") return !principal.anonymous();
  if (!audience.starts_with(kConsumerAudience)) return false;
  std::string_view id = principal.id;
  return id.starts_with(kConsumerPrincipal) &&
         id.substr(kConsumerPrincipal.size()) == audience.substr(kConsumerAudience.size());
}

}  // namespace

Visible VisibleTo(const base::auth::Principal& principal) {
  if (principal.HasRole("admin")) return [](const ServerDocument& server) { return server.served; };
  return [principal](const ServerDocument& server) {
    if (!server.served) return false;
    return server.audiences.empty() ||
           std::any_of(server.audiences.begin(), server.audiences.end(),
                       [&](const std::string& audience) { return Includes(audience, principal); });
  };
}

}  // namespace registry::search
