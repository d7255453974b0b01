// A rule's demand of a JSON Web Token (JwtProof): whether it can be put in force, and the terms it stands for.
#pragma once

#include <string>

#include "base/auth/token_terms.h"
#include "base/result.h"
#include "portolan/v1/policy.pb.h"

namespace policy {

// The audience that is the endpoint's own URL.
inline constexpr std::string_view kSelfAudience = "self";

// kInvalidArgument; the message begins with `pointer` and goes on to the field.
base::Result<void> CheckJwtProof(const portolan::v1::JwtProof& proof, const std::string& pointer);

// REQUIRES: CheckJwtProof was content.
base::auth::TokenTerms TermsOf(const portolan::v1::JwtProof& proof);

}  // namespace policy
