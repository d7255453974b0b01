#include "tests/registry/process/role_table.h"

namespace registry {

// REQUIRES: there is a server a/r, hidden from those without a role in `a`.

std::vector<RoleRow> UnaryRoleRows() {
  return {
      {"CatalogService/Get", R"({"kind":"Server","name":"x"})", "++++++"},
      {"CatalogService/List", R"({"kind":"Server"})", "++++++"},
      {"CatalogService/List", R"({"kind":"ApiKey"})", "----++"},
      {"CatalogService/List", R"({"kind":"Token"})", "-----+"},
      {"CatalogService/List", R"({"kind":"RoleBinding"})", "-----+"},
      {"CatalogService/List", R"({"kind":"IdentityProvider"})", "-----+"},
      {"CatalogService/List", R"({"kind":"Credential"})", "----++"},
      {"CatalogService/Put",
       R"({"resource":{"kind":"Credential","name":"c","spec":{"header":{"secret":{"env":"PORTOLAN_SECRET_C"}}}}})",
       "-----+"},
      {"CatalogService/Put", R"({"resource":{"kind":"Server","name":"a/p","spec":{}}})", "--+--+"},
      {"CatalogService/Put", R"({"resource":{"kind":"Consumer","name":"c","spec":{}}})", "----++"},
      {"CatalogService/Put",
       R"({"resource":{"kind":"RoleBinding","name":"r","spec":{"role":"ADMIN","subjects":["principal:x"]}}})",
       "-----+"},
      {"CatalogService/Apply", R"({"resources":[{"kind":"Server","name":"a/q","spec":{}}]})",
       "--+--+"},
      {"CatalogService/Delete", R"({"kind":"Server","name":"local/gone"})", "--++++"},
      {"CatalogService/ListDependencies", R"({"kind":"Server","name":"a/r"})", "++++++"},
      {"CatalogService/ListDependencies", R"({"kind":"ApiKey","name":"k"})", "----++"},
      {"CatalogService/ChangeLifecycle", R"({"server":"a/r","stage":"RETIRED"})", "--++-+"},
      {"CatalogService/ChangeLifecycle", R"({"server":"a/r","stage":"PREVIEW"})", "---+-+"},
      {"CatalogService/Review", R"({"server":"a/r","decision":"SUBMIT"})", "--+--+"},
      {"CatalogService/Review", R"({"server":"a/r","decision":"APPROVE"})", "---+-+"},
      {"CatalogService/Review", R"({"server":"a/r","decision":"REJECT"})", "---+-+"},
      {"CatalogService/GetDefinitions", R"({"server":"x"})", "++++++"},
      {"CatalogService/GetDrift", R"({"server":"x"})", "++++++"},
      {"CatalogService/DecideDrift", R"({"server":"x"})", "--++++"},
      {"CatalogService/Import", R"({"entries":[]})", "--++++"},
      {"CatalogService/ListStatus", "{}", "++++++"},
      {"CatalogService/Search", R"({"query":"x"})", "++++++"},
      {"CatalogService/EffectivePolicy", R"({"server":"x"})", "++++++"},
      {"CatalogService/Explain", R"({"server":"x"})", "++++++"},
      {"CatalogService/Describe", "{}", "++++++"},
      {"AccessService/CreateKey", R"({"consumer":"k"})", "----++"},
      {"AccessService/RevokeKey", R"({"id":"none"})", "----++"},
      {"AccessService/RotateKey", R"({"id":"none"})", "----++"},
      {"AccessService/ChangeKey", R"({"id":"none"})", "----++"},
      {"AccessService/Subscribe", R"({"product":"none"})", "-+++++"},
      {"AccessService/DecideSubscription", R"({"subscription":"none","state":"ACTIVE"})", "----++"},
      {"AccessService/ChangeSubscription", R"({"subscription":"none","state":"CANCELLED"})",
       "-+++++"},
      {"CatalogService/List", R"({"kind":"Product"})", "++++++"},
      {"CatalogService/List", R"({"kind":"Subscription"})", "-+++++"},
      {"CatalogService/Put", R"({"resource":{"kind":"Product","name":"p","spec":{}}})", "----++"},
      {"AccessService/CreateToken", "{}", "-----+"},
      {"AccessService/RevokeToken", R"({"name":"none"})", "-----+"},
      {"AccessService/IssueCallToken", "{}", "-+++++"},
      {"AccessService/CreatePortalLink", "{}", "-----+"},
      {"AccessService/WhoAmI", "{}", "++++++"},
      {"AccessService/RequestAccess", R"({"server":"nowhere","reason":"x"})", "-+++++"},
      {"AccessService/DecideAccess", R"({"request":"none","decision":"DENIED"})", "---+-+"},
      {"CatalogService/List", R"({"kind":"AccessRequest"})", "-+++++"},
      {"FleetService/ListGateways", "{}", "++++++"},
      {"FleetService/PurgeCache", "{}", "----++"},
      {"FleetService/Report", "{}", "------"},
      {"FleetService/LeaseQuotas", "{}", "------"},
      {"UsageService/ListCalls", "{}", "----++"},
      {"AuditService/ListAudit", "{}", "-----+"},
      {"AuditService/VerifyAudit", "{}", "-----+"},
      {"MaintenanceService/RotateMasterKey", "{}", "-----+"},
      {"SyncService/ListSync", "{}", "----++"},
      {"CatalogService/List", R"({"kind":"SyncSource"})", "-----+"},
      {"CatalogService/Put",
       R"({"resource":{"kind":"SyncSource","name":"s","spec":{"url":"http://127.0.0.1:9","paused":true}}})",
       "-----+"},
  };
}

// Requests that end at once when they are let through.
std::vector<RoleRow> StreamRoleRows() {
  return {
      {"CatalogService/Watch", R"({"from_revision":-1})", "++++++"},
      {"CatalogService/WatchStatus", "{}", "++++++", true},
      {"CatalogService/Probe", R"({"server":"x"})", "--++++"},
      {"FleetService/Follow", "{}", "------"},
      {"UsageService/WatchCalls", "{}", "----++", true},
      {"SyncService/RunSync", R"({"source":"none"})", "----++"},
      {"MaintenanceService/Backup", "{}", "-----+"},
  };
}

std::vector<PathRow> RegistryApiRoleRows() {
  constexpr const char* kDocument =
      R"({"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",)"
      R"("name":"a/published","description":"d","version":"1.0.0"})";
  return {
      {"GET", "/v0.1/health", "", "++++++"},
      {"GET", "/v0.1/ping", "", "++++++"},
      {"GET", "/v0.1/version", "", "++++++"},
      {"GET", "/v0.1/servers", "", "++++++"},
      {"POST", "/v0.1/validate", kDocument, "++++++"},
      {"POST", "/v0.1/publish", kDocument, "--+--+"},
      {"PUT", "/v0.1/servers/a%2Fpublished/versions/1.0.0", kDocument, "--+--+"},
      {"PATCH", "/v0.1/servers/a%2Fpublished/versions/1.0.0/status", R"({"status":"deprecated"})",
       "--+--+"},
      {"PATCH", "/v0.1/servers/a%2Fpublished/status", R"({"status":"active"})", "--+--+"},
      {"DELETE", "/v0.1/servers/a%2Fpublished/versions/1.0.0", "", "--+--+"},
      {"POST", "/v0.1/auth/none", R"({"token":"x"})", "-+++++"},
  };
}

std::vector<RoleRow> DiscoveryRoleRows() {
  return {
      {"find_tools", R"({"queries":["x"]})", "++++++"},
      {"find_servers", R"({"query":"x"})", "++++++"},
      {"registry_search", R"({"query":"x"})", "++++++"},
      // The server is hidden from all who have no role there.
      {"describe_server", R"({"name":"a/r"})", "-+++++"},
      {"registry_fetch", R"({"name":"a/r"})", "-+++++"},
      {"describe_tool", R"({"id":"r.t"})", "------"},
      {"request_access", R"({"id":"nowhere","reason":"x"})", "-+++++"},
  };
}

}  // namespace registry
