// AccessService's methods: keys of consumers, subscriptions, tokens for calls, links to the portal,
// requests for access.
#pragma once

#include "portolan/v1/access_service.pb.h"
#include "registry/catalog/catalog.h"
#include "registry/service/authenticator.h"
#include "registry/service/methods.h"

namespace registry {

class AccessService {
 public:
  AccessService(Catalog& catalog, Authenticator& authenticator, const OwnKeys& keys,
                const base::Clock& clock, std::string public_url)
      : catalog_(catalog),
        authenticator_(authenticator),
        keys_(keys),
        clock_(clock),
        public_url_(std::move(public_url)) {}

  base::Result<v1::CreateKeyResponse> CreateKey(const Caller& caller,
                                                const v1::CreateKeyRequest& request);
  base::Result<v1::RevokeKeyResponse> RevokeKey(const Caller& caller,
                                                const v1::RevokeKeyRequest& request);
  base::Result<v1::RotateKeyResponse> RotateKey(const Caller& caller,
                                                const v1::RotateKeyRequest& request);
  base::Result<v1::ChangeKeyResponse> ChangeKey(const Caller& caller,
                                                const v1::ChangeKeyRequest& request);
  base::Result<v1::SubscribeResponse> Subscribe(const Caller& caller,
                                                const v1::SubscribeRequest& request);
  base::Result<v1::DecideSubscriptionResponse> DecideSubscription(
      const Caller& caller, const v1::DecideSubscriptionRequest& request);
  base::Result<v1::ChangeSubscriptionResponse> ChangeSubscription(
      const Caller& caller, const v1::ChangeSubscriptionRequest& request);
  base::Result<v1::CreateTokenResponse> CreateToken(const Caller& caller,
                                                    const v1::CreateTokenRequest& request);
  base::Result<v1::RevokeTokenResponse> RevokeToken(const Caller& caller,
                                                    const v1::RevokeTokenRequest& request);
  base::Result<v1::IssueCallTokenResponse> IssueCallToken(const Caller& caller,
                                                          const v1::IssueCallTokenRequest& request);
  base::Result<v1::CreatePortalLinkResponse> CreatePortalLink(
      const Caller& caller, const v1::CreatePortalLinkRequest& request);
  base::Result<v1::WhoAmIResponse> WhoAmI(const Caller& caller, const v1::WhoAmIRequest& request);
  base::Result<v1::RequestAccessResponse> RequestAccess(const Caller& caller,
                                                        const v1::RequestAccessRequest& request);
  base::Result<v1::DecideAccessResponse> DecideAccess(const Caller& caller,
                                                      const v1::DecideAccessRequest& request);

 private:
  Catalog& catalog_;
  Authenticator& authenticator_;
  const OwnKeys& keys_;
  const base::Clock& clock_;
  const std::string public_url_;
};

}  // namespace registry
