// What a resource must be by itself, before anything else in the catalog is asked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace registry {

inline constexpr std::size_t kMaxSpecBytes = 1024 * 1024;

// The kind that the spec tells (`Server`); empty without a spec.
std::string KindOf(const portolan::v1::Resource& resource);
// Whether the contract has such a kind.
bool IsKind(std::string_view kind);

// Checks the resource as a whole. kInvalidArgument; the message begins with the JSON pointer of the
// field, in the form of files: `/spec/description: ...`, `/name: ...`.
base::Result<void> Validate(const portolan::v1::Resource& resource);

// Of one kind each, the message already under `/spec`.
base::Result<void> ValidateServer(const portolan::v1::Server& server);
base::Result<void> ValidateServerVersion(std::string_view name,
                                         const portolan::v1::ServerVersion& version);
// `name` included.
base::Result<void> ValidateToken(std::string_view name, const portolan::v1::Token& token);
base::Result<void> ValidateApiKey(std::string_view name, const portolan::v1::ApiKey& key);
base::Result<void> ValidateProduct(std::string_view name, const portolan::v1::Product& product);
base::Result<void> ValidateSubscription(std::string_view name,
                                        const portolan::v1::Subscription& subscription);
base::Result<void> ValidateSyncSource(std::string_view name,
                                      const portolan::v1::SyncSource& source);
base::Result<void> ValidateRoleBinding(const portolan::v1::RoleBinding& binding);
// `name` included.
base::Result<void> ValidateIdentityProvider(std::string_view name,
                                            const portolan::v1::IdentityProvider& provider);
// What a server says of its life: day, successor, environment, documents.
base::Result<void> ValidateGovernance(const portolan::v1::Server& server);
base::Result<void> ValidateEnvironment(std::string_view name,
                                       const portolan::v1::Environment& environment);
base::Result<void> ValidateAccessRequest(std::string_view name,
                                         const portolan::v1::AccessRequest& request);

// Audiences, at `/spec/visibility`.
base::Result<void> CheckVisibility(const portolan::v1::Visibility& visibility);

// Why somebody decides, as the audit keeps it: at most 1,000 characters. Names the field `/reason`.
base::Result<void> CheckReason(std::string_view reason);
// http or https, at most 2,048 bytes.
base::Result<void> CheckUrl(std::string_view pointer, const std::string& url);
// Code points.
std::size_t Characters(std::string_view text);

// A field's error: "/spec/tags/3: must be ...".
base::Error FieldError(std::string_view pointer, std::string_view what);

}  // namespace registry
