#include "registry/service/access_service.h"

#include "base/auth/api_key.h"
#include "base/auth/call_token.h"
#include "registry/catalog/validate.h"

namespace registry {
namespace {

constexpr std::int64_t kCallTokenMs = 5 * 60 * 1000;
constexpr std::int64_t kMaxExpirySeconds = 10LL * 366 * 24 * 3600;
constexpr int kAttempts = 3;

}  // namespace

base::Result<v1::CreateKeyResponse> AccessService::CreateKey(const Caller& caller,
                                                             const v1::CreateKeyRequest& request) {
  return catalog_.CreateKey(caller.writer(), request);
}

base::Result<v1::RotateKeyResponse> AccessService::RotateKey(const Caller& caller,
                                                             const v1::RotateKeyRequest& request) {
  return catalog_.RotateKey(caller.writer(), request);
}

base::Result<v1::ChangeKeyResponse> AccessService::ChangeKey(const Caller& caller,
                                                             const v1::ChangeKeyRequest& request) {
  const auto revision = catalog_.ChangeKey(caller.writer(), request);
  if (revision.has_error()) return revision.error();
  v1::ChangeKeyResponse response;
  response.set_revision(*revision);
  return response;
}

base::Result<v1::SubscribeResponse> AccessService::Subscribe(const Caller& caller,
                                                             const v1::SubscribeRequest& request) {
  const auto made = catalog_.Subscribe(caller.writer(request.reason()), request);
  if (made.has_error()) return made.error();
  v1::SubscribeResponse response;
  response.set_subscription(made->name());
  response.set_state(made->subscription().state());
  return response;
}

base::Result<v1::DecideSubscriptionResponse> AccessService::DecideSubscription(
    const Caller& caller, const v1::DecideSubscriptionRequest& request) {
  const auto decided = catalog_.DecideSubscription(caller.writer(request.reason()), request);
  if (decided.has_error()) return decided.error();
  v1::DecideSubscriptionResponse response;
  response.set_revision(decided->revision());
  return response;
}

base::Result<v1::ChangeSubscriptionResponse> AccessService::ChangeSubscription(
    const Caller& caller, const v1::ChangeSubscriptionRequest& request) {
  const auto changed = catalog_.ChangeSubscription(caller.writer(request.reason()), request);
  if (changed.has_error()) return changed.error();
  v1::ChangeSubscriptionResponse response;
  response.set_revision(changed->revision());
  return response;
}

base::Result<v1::RevokeKeyResponse> AccessService::RevokeKey(const Caller& caller,
                                                             const v1::RevokeKeyRequest& request) {
  // Somebody may write it in between; then what they wrote is read again.
  for (int attempt = 1;; ++attempt) {
    auto key = catalog_.Get("ApiKey", request.id());
    if (key.has_error()) return key.error();
    v1::PutRequest put;
    *put.mutable_resource() = std::move(*key);
    put.mutable_resource()->mutable_api_key()->set_revoked(true);
    const auto written = catalog_.Put(caller.writer(), put);
    if (written.has_error()) {
      if (written.error().code == base::Code::kAborted && attempt < kAttempts) continue;
      return written.error();
    }
    v1::RevokeKeyResponse response;
    response.set_revision(written->revision());
    return response;
  }
}

base::Result<v1::CreateTokenResponse> AccessService::CreateToken(
    const Caller& caller, const v1::CreateTokenRequest& request) {
  if (request.expires_in_s() < 0 || request.expires_in_s() > kMaxExpirySeconds) {
    return FieldError("/expires_in_s", "must be 0 (never) to 10 years");
  }
  // Its role is the one that is asked for, whatever a binding of that name said before.
  v1::Resource bound;
  bound.set_kind("RoleBinding");
  bound.set_name("token-" + request.name());
  if (const auto before = catalog_.Get("RoleBinding", bound.name()); before.has_value())
    bound.set_revision(before->revision());
  const std::string token = std::string(kTokenPrefix) + request.name() + "_" +
                            base::auth::Base64UrlEncode(base::auth::RandomBytes(32));
  const std::int64_t now = clock_.UnixMillis();
  v1::ApplyRequest apply;
  v1::Resource& resource = *apply.add_resources();
  resource.set_name(request.name());
  v1::Token& spec = *resource.mutable_token();
  spec.set_description(request.description());
  spec.set_sha256(base::auth::Sha256(token));
  spec.set_created_at_ms(now);
  if (request.expires_in_s() > 0) spec.set_expires_at_ms(now + request.expires_in_s() * 1000);
  v1::RoleBinding& binding = *bound.mutable_role_binding();
  binding.set_role(request.role());
  *binding.mutable_namespaces() = request.namespaces();
  binding.add_subjects("token:" + request.name());
  *apply.add_resources() = std::move(bound);
  // Of two at once, one finds that the token is there.
  const auto written = catalog_.ApplySeen(caller.writer(), apply);
  if (written.has_error() && written.error().code == base::Code::kAlreadyExists) {
    return base::Fail(base::Code::kAlreadyExists, "/name: there is a token '" + request.name() +
                                                      "'; delete it, or take another name");
  }
  if (written.has_error()) return written.error();
  v1::CreateTokenResponse response;
  response.set_token(token);
  return response;
}

base::Result<v1::RevokeTokenResponse> AccessService::RevokeToken(
    const Caller& caller, const v1::RevokeTokenRequest& request) {
  for (int attempt = 1;; ++attempt) {
    auto token = catalog_.Get("Token", request.name());
    if (token.has_error()) return token.error();
    v1::PutRequest put;
    *put.mutable_resource() = std::move(*token);
    put.mutable_resource()->mutable_token()->set_revoked(true);
    const auto written = catalog_.Put(caller.writer(), put);
    if (written.has_error()) {
      if (written.error().code == base::Code::kAborted && attempt < kAttempts) continue;
      return written.error();
    }
    v1::RevokeTokenResponse response;
    response.set_revision(written->revision());
    return response;
  }
}

base::Result<v1::IssueCallTokenResponse> AccessService::IssueCallToken(
    const Caller& caller, const v1::IssueCallTokenRequest&) {
  base::auth::Principal principal = caller.principal;
  // Who administers calls as `admin`.
  if (principal.id == "token/admin") principal.id = "admin";
  v1::IssueCallTokenResponse response;
  response.set_expires_at_ms(clock_.UnixMillis() + kCallTokenMs);
  response.set_token(
      base::auth::SignCallToken(keys_.call_tokens, principal, response.expires_at_ms()));
  if (response.token().size() > base::auth::kMaxCallTokenBytes) {
    return base::Fail(base::Code::kFailedPrecondition,
                      "the groups of " + principal.id + " do not fit a call token");
  }
  return response;
}

base::Result<v1::CreatePortalLinkResponse> AccessService::CreatePortalLink(
    const Caller&, const v1::CreatePortalLinkRequest&) {
  std::int64_t expires_at_ms = 0;
  const std::string token = authenticator_.NewLinkToken(expires_at_ms);
  v1::CreatePortalLinkResponse response;
  response.set_url(public_url_ + "/login#" + token);
  response.set_expires_at_ms(expires_at_ms);
  return response;
}

base::Result<v1::WhoAmIResponse> AccessService::WhoAmI(const Caller& caller,
                                                       const v1::WhoAmIRequest&) {
  v1::WhoAmIResponse response;
  response.set_principal(caller.principal.id);
  for (const base::auth::RoleGrant& grant : caller.principal.roles) {
    std::string shown = grant.role;
    for (const std::string& name_space : grant.namespaces) {
      shown += (&name_space == &grant.namespaces.front() ? " in " : ", ") + name_space;
    }
    response.add_roles(shown);
  }
  for (const std::string& group : caller.principal.groups) response.add_groups(group);
  return response;
}

base::Result<v1::RequestAccessResponse> AccessService::RequestAccess(
    const Caller& caller, const v1::RequestAccessRequest& request) {
  auto name = catalog_.RequestAccess(caller.writer(request.reason()), request);
  if (name.has_error()) return name.error();
  v1::RequestAccessResponse response;
  response.set_request(std::move(*name));
  return response;
}

base::Result<v1::DecideAccessResponse> AccessService::DecideAccess(
    const Caller& caller, const v1::DecideAccessRequest& request) {
  const auto revision = catalog_.DecideAccess(caller.writer(request.reason()), request);
  if (revision.has_error()) return revision.error();
  v1::DecideAccessResponse response;
  response.set_revision(*revision);
  return response;
}

}  // namespace registry
