#include "gateway/edge/admin.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/manifest.h"
#include "mcp/raw_json.h"
#include "policy/secrets.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

struct Page {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string body;
};

v1::Server WithoutSecrets(v1::Server server) {
  if (server.endpoint().has_stdio()) {
    for (v1::NameValue& variable : *server.mutable_endpoint()->mutable_stdio()->mutable_env())
      variable.set_value("(hidden)");
  }
  const auto hide_query = [](std::string& url) {
    if (const auto query = url.find('?'); query != std::string::npos)
      url.replace(query, std::string::npos, "?(hidden)");
  };
  v1::Endpoint& endpoint = *server.mutable_endpoint();
  if (endpoint.has_streamable_http())
    hide_query(*endpoint.mutable_streamable_http()->mutable_url());
  if (endpoint.has_sse()) hide_query(*endpoint.mutable_sse()->mutable_url());
  if (endpoint.has_pool()) {
    for (v1::PoolMember& member : *endpoint.mutable_pool()->mutable_members()) {
      if (member.has_streamable_http())
        hide_query(*member.mutable_streamable_http()->mutable_url());
      if (member.has_sse()) hide_query(*member.mutable_sse()->mutable_url());
    }
  }
  return server;
}

v1::Credential WithoutSecrets(const v1::Credential& credential) {
  v1::Resource resource;
  *resource.mutable_credential() = credential;
  const auto hide = [](v1::Secret& secret, const std::string&) -> base::Result<void> {
    if (!secret.has_env() && !secret.has_file()) secret.set_value("(hidden)");
    return {};
  };
  static_cast<void>(policy::ForEachSecret(resource, hide));
  return resource.credential();
}

v1::ApiKey WithoutSecrets(v1::ApiKey key) {
  key.clear_sha256();
  return key;
}

template <class Spec>
const Spec& WithoutSecrets(const Spec& spec) {
  return spec;
}

template <class Spec>
nlohmann::ordered_json List(const Entries<Spec>& entries) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [name, entry] : entries) {
    nlohmann::ordered_json resource;
    resource["name"] = name;
    resource["revision"] = entry->revision;
    resource["spec"] = base::Print(WithoutSecrets(entry->spec), base::Spelling::kSnakeCase);
    list.push_back(std::move(resource));
  }
  return list;
}

}  // namespace

std::string ConfigJson(const Snapshot& snapshot) {
  nlohmann::ordered_json config;
  config["revision"] = snapshot.revision();
  config["servers"] = List(snapshot.servers());
  config["policy_sets"] = List(snapshot.policies());
  config["consumers"] = List(snapshot.consumers());
  config["api_keys"] = List(snapshot.api_keys());
  config["products"] = List(snapshot.products());
  config["subscriptions"] = List(snapshot.subscriptions());
  config["identity_providers"] = List(snapshot.providers());
  config["credentials"] = List(snapshot.credentials());
  return config.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

base::Result<std::unique_ptr<Admin>> Admin::Listen(base::Loop& loop,
                                                   const base::http::ListenAddress& address,
                                                   Sources sources) {
  std::unique_ptr<Admin> admin(new Admin(std::move(sources)));
  auto hosts = Hosts::Of(address, "", "");
  if (!hosts) return hosts.error();
  admin->hosts_ = std::move(*hosts);
  base::http::ServerLimits limits;
  limits.max_connections = 64;
  auto server = base::http::Server::Listen(loop, address, false, limits, *admin);
  if (!server) return server.error();
  admin->server_ = std::move(*server);
  return admin;
}

base::Task<void> Admin::Serve(base::http::Exchange& exchange) {
  const base::http::RequestHead& head = exchange.head();
  Page page;
  if (!hosts_.AllowsHost(head.fields.Find("Host").value_or("")) || head.fields.Find("Origin")) {
    page = {403, "text/plain", "This Host or Origin is not ours.\n"};
  } else if (head.method == "POST" && head.path == "/cache/clear") {
    sources_.clear_cache();
    page.body = "{\"status\":\"cleared\"}\n";
  } else if (head.method != "GET" && head.method != "HEAD") {
    page = {405, "text/plain", "Only GET, and POST of /cache/clear.\n"};
  } else if (head.path == "/healthz") {
    page.body = "{\"status\":\"ok\"," + sources_.health_json() + "}\n";
  } else if (head.path == "/readyz") {
    const std::string why_not = sources_.not_ready();
    page.content_type = "text/plain";
    page.status = why_not.empty() ? 200 : 503;
    page.body = why_not.empty() ? "ready\n" : why_not + "\n";
  } else if (head.path == "/metrics") {
    page.content_type = "text/plain; version=0.0.4";
    page.body = sources_.metrics();
  } else if (head.path == "/config") {
    page.body = ConfigJson(sources_.snapshot()) + "\n";
  } else {
    page = {404, "text/plain",
            "Pages here: /healthz /readyz /metrics /config; POST /cache/clear\n"};
  }
  const base::http::Field fields[] = {{"Content-Type", page.content_type},
                                      {"Cache-Control", "no-store"}};
  (void)co_await exchange.Respond(page.status, fields, std::string_view(page.body));
}

}  // namespace gateway
