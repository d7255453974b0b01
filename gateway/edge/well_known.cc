#include "gateway/edge/well_known.h"

namespace gateway {

namespace {

// No number in the words: one client searches such bodies for "404" and "405".
constexpr std::string_view kNothing =
    R"({"error":"not_found","error_description":"Endpoints of this gateway take API keys; there is no authorization server."})";
constexpr std::string_view kNoRegistration =
    R"({"error":"invalid_client_metadata","error_description":"Clients are not registered here: endpoints of this gateway take an API key in the header X-Api-Key."})";

}  // namespace

std::optional<StaticAnswer> WellKnown(std::string_view method, std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/register")
    return StaticAnswer{method == "POST" ? 400 : 404,
                        method == "POST" ? kNoRegistration : kNothing};
  // At the root, behind a tenant, or behind an endpoint's own path.
  if (path.find("/.well-known/") != std::string_view::npos || path.ends_with("/.well-known")) {
    return StaticAnswer{404, kNothing};
  }
  return std::nullopt;
}

}  // namespace gateway
