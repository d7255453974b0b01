// What a caller shows to prove who it is, as found in a request's head. Views; never logged.
#pragma once

#include <string>
#include <string_view>

#include "base/http/message.h"
#include "gateway/routing/route.h"

namespace gateway {

struct Credentials {
  enum class Kind { kNone, kApiKey, kToken, kUnknown };
  Kind kind = Kind::kNone;
  std::string_view value;
  // Holds the value where it had to be decoded (the query).
  std::string decoded;
};

// Looks in the headers and the query that the endpoint's `authenticate` rules name, and always in
// X-Api-Key and in Authorization: Bearer. The first that is there counts: a wrong key is not made
// good by another.
Credentials CredentialsOf(const base::http::RequestHead& head, const GateRules& rules);

}  // namespace gateway
