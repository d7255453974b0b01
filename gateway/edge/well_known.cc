#include "gateway/edge/well_known.h"

#include <algorithm>

#include "gateway/edge/protected_resource.h"

namespace gateway {

namespace {

constexpr std::string_view kProtectedResource = "/.well-known/oauth-protected-resource";

// No number in the words: one client searches such bodies for "404" and "405".
constexpr std::string_view kNothing =
    R"({"error":"not_found","error_description":"Endpoints of this gateway take API keys; there is no authorization server."})";
constexpr std::string_view kElsewhere =
    R"({"error":"not_found","error_description":"This is no authorization server: /.well-known/oauth-protected-resource, with an endpoint's path behind it, says which one is."})";
constexpr std::string_view kNoRegistration =
    R"({"error":"invalid_client_metadata","error_description":"Clients are not registered here: endpoints of this gateway take an API key in the header X-Api-Key."})";
constexpr std::string_view kRegistrationElsewhere =
    R"({"error":"invalid_client_metadata","error_description":"Clients are not registered here: /.well-known/oauth-protected-resource, with the endpoint's path behind it, names the authorization server of those that take its tokens; others take an API key in the header X-Api-Key."})";

bool TakesTokens(const RouteTable& table) {
  return std::any_of(table.routes().begin(), table.routes().end(),
                     [](const auto& route) { return route->gate().takes_tokens(); });
}

}  // namespace

bool IsWellKnown(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  // At the root, behind a tenant, or behind an endpoint's own path.
  return path == "/register" || path.find("/.well-known/") != std::string_view::npos ||
         path.ends_with("/.well-known");
}

StaticAnswer WellKnown(std::string_view method, std::string_view path, std::string_view own_url,
                       const RouteTable& table, const base::auth::IdentityProviders& providers) {
  const bool reads = method == "GET" || method == "HEAD";
  if (reads && !own_url.empty() && path.starts_with(kProtectedResource)) {
    const std::string_view of = path.substr(kProtectedResource.size());
    if (of.empty() || of.front() == '/') {
      std::string metadata = ProtectedResourceJson(own_url, of, table, providers);
      if (!metadata.empty()) return {200, std::move(metadata)};
    }
  }
  const bool tokens = TakesTokens(table);
  if (method == "POST" && path.starts_with("/register"))
    return {400, std::string(tokens ? kRegistrationElsewhere : kNoRegistration)};
  return {404, std::string(tokens ? kElsewhere : kNothing)};
}

}  // namespace gateway
