#include "gateway/routing/snapshot.h"

#include "base/http/client.h"
#include "mcp/raw_json.h"
#include "policy/credential.h"
#include "policy/identity_provider.h"
#include "policy/validate.h"

namespace gateway {

namespace v1 = portolan::v1;

namespace {

base::Result<void> Check(const v1::Server& server) {
  if (!server.has_endpoint()) return {};
  if (server.base_path().empty() || server.base_path().find('/') != std::string::npos) {
    return base::Fail(base::Code::kInvalidArgument, "/spec/base_path: must be one path segment");
  }
  switch (server.endpoint().transport_case()) {
    case v1::Endpoint::kStreamableHttp: {
      auto url = base::http::Url::Parse(server.endpoint().streamable_http().url());
      if (!url) {
        return base::Fail(url.error().code,
                          "/spec/endpoint/streamable_http/url: " + url.error().message);
      }
      return {};
    }
    case v1::Endpoint::kSse: {
      const auto url = base::http::Url::Parse(server.endpoint().sse().url());
      if (!url)
        return base::Fail(url.error().code, "/spec/endpoint/sse/url: " + url.error().message);
      return {};
    }
    case v1::Endpoint::kStdio:
      if (server.endpoint().stdio().command().empty()) {
        return base::Fail(base::Code::kInvalidArgument,
                          "/spec/endpoint/stdio/command: must not be empty");
      }
      return {};
    case v1::Endpoint::kPool: {
      for (const v1::PoolMember& member : server.endpoint().pool().members()) {
        const std::string& url =
            member.has_sse() ? member.sse().url() : member.streamable_http().url();
        if (const auto parsed = base::http::Url::Parse(url); !parsed)
          return base::Fail(parsed.error().code, "/spec/endpoint/pool: member '" + member.name() +
                                                     "': " + parsed.error().message);
      }
      if (!server.endpoint().pool().members().empty()) return {};
      break;
    }
    case v1::Endpoint::TRANSPORT_NOT_SET: break;
  }
  return base::Fail(
      base::Code::kUnimplemented,
      "/spec/endpoint: this gateway does not know how to reach the server; it may be too old");
}

base::Result<void> Check(const v1::ApiKey& key) {
  if (key.sha256().size() == 32) return {};
  return base::Fail(base::Code::kInvalidArgument, "/spec/sha256: must have 32 bytes");
}

base::Result<void> Check(const v1::PolicySet& set) { return policy::Validate(set); }
base::Result<void> Check(const v1::IdentityProvider& provider) {
  return policy::Validate(provider);
}
base::Result<void> Check(const v1::Consumer& consumer) {
  const std::string& claims = consumer.claims_json();
  if (claims.empty() || (mcp::IsJson(claims) && mcp::IsObject(claims))) return {};
  return base::Fail(base::Code::kInvalidArgument, "/spec/claims_json: must be an object");
}

// A secret that is not sealed to this gateway is missing here.
base::Result<void> Check(const v1::Credential& credential) { return policy::Validate(credential); }
base::Result<void> Check(const v1::Product&) { return {}; }
base::Result<void> Check(const v1::Subscription&) { return {}; }
base::Result<void> Check(const v1::Token&) { return {}; }
base::Result<void> Check(const v1::RoleBinding&) { return {}; }

template <class Spec>
base::Result<void> Take(const v1::Resource& resource, const Spec& spec, Entries<Spec>& entries) {
  if (auto ok = Check(spec); !ok) return ok;
  auto entry = std::make_shared<Entry<Spec>>();
  entry->name = resource.name();
  entry->revision = resource.revision();
  entry->updated_at_ms = resource.updated_at_ms();
  entry->spec = spec;
  entries[resource.name()] = std::move(entry);
  return {};
}

}  // namespace

std::vector<v1::Rejection> Snapshot::Apply(const v1::Changes& changes) {
  if (changes.complete()) {
    replacing_ = true;
    seen_.clear();
  }
  std::vector<v1::Rejection> rejections;
  for (const v1::Change& change : changes.changes()) {
    const v1::Resource& resource = change.resource();
    if (change.deleted()) {
      Remove(resource.kind(), resource.name());
      continue;
    }
    if (replacing_) seen_.emplace(resource.kind(), resource.name());
    if (auto taken = Put(resource); !taken) {
      v1::Rejection rejection;
      rejection.set_kind(resource.kind());
      rejection.set_name(resource.name());
      rejection.set_revision(resource.revision());
      rejection.set_message(taken.error().message);
      rejections.push_back(std::move(rejection));
    }
  }
  if (replacing_ && !changes.more()) {
    DropUnseen();
    replacing_ = false;
    complete_ = true;
  }
  revision_ = changes.revision();
  return rejections;
}

base::Result<void> Snapshot::Put(const v1::Resource& resource) {
  switch (resource.spec_case()) {
    case v1::Resource::kServer: return Take(resource, resource.server(), servers_);
    case v1::Resource::kPolicySet:
      // Whatever scope it had before or has now may be a consumer's.
      ++callers_version_;
      return Take(resource, resource.policy_set(), policies_);
    case v1::Resource::kConsumer:
      ++callers_version_;
      return Take(resource, resource.consumer(), consumers_);
    case v1::Resource::kApiKey:
      ++callers_version_;
      return Take(resource, resource.api_key(), api_keys_);
    case v1::Resource::kProduct:
      ++callers_version_;
      ++entitlements_version_;
      return Take(resource, resource.product(), products_);
    case v1::Resource::kSubscription:
      ++callers_version_;
      ++entitlements_version_;
      return Take(resource, resource.subscription(), subscriptions_);
    case v1::Resource::kIdentityProvider:
      ++callers_version_;
      return Take(resource, resource.identity_provider(), providers_);
    case v1::Resource::kToken: ++callers_version_; return Take(resource, resource.token(), tokens_);
    case v1::Resource::kRoleBinding:
      ++callers_version_;
      return Take(resource, resource.role_binding(), role_bindings_);
    case v1::Resource::kCredential: return Take(resource, resource.credential(), credentials_);
    default: return {};  // of no meaning to a gateway
  }
}

void Snapshot::Remove(const std::string& kind, const std::string& name) {
  if (kind == "Server") {
    servers_.erase(name);
    definitions_.erase(name);
    return;
  }
  if (kind == "Credential") {
    credentials_.erase(name);
    return;
  }
  ++callers_version_;
  if (kind == "PolicySet") policies_.erase(name);
  if (kind == "Consumer") consumers_.erase(name);
  if (kind == "ApiKey") api_keys_.erase(name);
  if (kind == "Product") products_.erase(name);
  if (kind == "Subscription") subscriptions_.erase(name);
  if (kind == "Product" || kind == "Subscription") ++entitlements_version_;
  if (kind == "IdentityProvider") providers_.erase(name);
  if (kind == "Token") tokens_.erase(name);
  if (kind == "RoleBinding") role_bindings_.erase(name);
}

void Snapshot::DropUnseen() {
  auto drop = [this](const std::string& kind, const auto& entries) {
    std::vector<std::string> gone;
    for (const auto& [name, entry] : entries) {
      if (!seen_.contains({kind, name})) gone.push_back(name);
    }
    for (const std::string& name : gone) Remove(kind, name);
  };
  drop("Server", servers_);
  drop("PolicySet", policies_);
  drop("Consumer", consumers_);
  drop("ApiKey", api_keys_);
  drop("Product", products_);
  drop("Subscription", subscriptions_);
  drop("IdentityProvider", providers_);
  drop("Token", tokens_);
  drop("RoleBinding", role_bindings_);
  drop("Credential", credentials_);
  seen_.clear();
}

void Snapshot::Apply(const v1::ServerDefinitions& definitions) {
  definitions_[definitions.server()] = std::make_shared<DefinitionLists>(definitions);
}

std::shared_ptr<const DefinitionLists> Snapshot::definitions(const std::string& server) const {
  const auto found = definitions_.find(server);
  return found == definitions_.end() ? nullptr : found->second;
}

}  // namespace gateway
