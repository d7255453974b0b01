#include "gateway/edge/protected_resource.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/edge/endpoint_path.h"

namespace gateway {

namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";

// What may stand between quotes in a challenge (RFC 6750, 3): a claim's name may hold anything.
std::string Quotable(std::string_view text) {
  std::string out(text.substr(0, 300));
  for (char& c : out) {
    if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') c = '?';
  }
  return out;
}

std::string_view WithoutSlash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

void AddOnce(std::vector<std::string>& list, std::span<const std::string> texts) {
  for (const std::string& text : texts) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  }
}

struct Demands {
  std::vector<std::string> providers;
  std::vector<std::string> scopes;

  void Add(const Route& route) {
    AddOnce(providers, route.gate().providers);
    AddOnce(scopes, route.gate().scopes);
  }
};

Demands DemandsOf(std::string_view path, const RouteTable& table) {
  Demands demands;
  if (path.empty()) {
    for (const auto& route : table.routes()) demands.Add(*route);
  } else if (const Route* route = table.Find(EndpointPath::Of(path).base)) {
    demands.Add(*route);
  }
  return demands;
}

}  // namespace

std::string MetadataUrl(std::string_view own_url, std::string_view path) {
  const std::size_t authority = own_url.find("://") + 3;
  const std::size_t prefix = std::min(own_url.find('/', authority), own_url.size());
  std::string url(own_url.substr(0, prefix));
  url += kWellKnown;
  url += own_url.substr(prefix);
  return url += WithoutSlash(path);
}

std::string ProtectedResourceJson(std::string_view own_url, std::string_view path,
                                  const RouteTable& table,
                                  const base::auth::IdentityProviders& providers) {
  path = WithoutSlash(path);
  const Demands demands = DemandsOf(path, table);
  auto issuers = nlohmann::ordered_json::array();
  for (const std::string& name : demands.providers) {
    if (const auto issuer = providers.IssuerOf(name)) issuers.push_back(*issuer);
  }
  if (issuers.empty()) return {};
  // Nothing that the path does not tell: whoever asks has shown nothing yet.
  nlohmann::ordered_json metadata;
  metadata["resource"] = std::string(own_url) + std::string(path);
  metadata["authorization_servers"] = std::move(issuers);
  if (!demands.scopes.empty()) metadata["scopes_supported"] = demands.scopes;
  metadata["bearer_methods_supported"] = {"header"};
  return metadata.dump();
}

std::string Challenge::ToString() const {
  std::string value = "Bearer resource_metadata=\"" + MetadataUrl(own_url, path) + "\"";
  if (!scopes.empty()) {
    value += ", scope=\"";
    for (const std::string& scope : scopes) value += (&scope == scopes.data() ? "" : " ") + scope;
    value += '"';
  }
  if (error.empty()) return value;
  value += ", error=\"" + std::string(error) + "\"";
  return value += ", error_description=\"" + Quotable(sentence) + "\"";
}

}  // namespace gateway
