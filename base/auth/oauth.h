// What we say to an authorization server when we want a token, and what it answers (RFC 6749, RFC
// 8693, RFC 8707), and how its metadata is read (RFC 8414). Pure: whoever sends is somebody else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http/client.h"
#include "base/result.h"

namespace base::auth {

using FormParameters = std::vector<std::pair<std::string, std::string>>;

// How a client proves itself: `client_secret_basic`, `client_secret_post`; a public one only says its
// id.
enum class ClientProof { kBasic, kPost };
struct OAuthClient {
  std::string id;
  std::optional<std::string> secret;
  ClientProof proof = ClientProof::kBasic;
};

// What an Authorization header says (RFC 7617): `Basic dXNlcjpwYXNz`.
std::string BasicAuthorization(std::string_view user, std::string_view password);

// application/x-www-form-urlencoded
std::string FormEncoded(const FormParameters& parameters);

// One request to a token endpoint. `authorization` is empty where the body says who asks.
struct TokenRequest {
  std::string authorization;
  std::string body;
};
TokenRequest MakeTokenRequest(const OAuthClient& client, FormParameters parameters);

struct AccessToken {
  std::string value;
  // 0: not told.
  std::int64_t expires_in_s = 0;
};
// What a token endpoint answered. An error repeats its code (`invalid_client`) and nothing else of
// what it says. kUnauthenticated: it takes the grant (the subject's token) no more.
Result<AccessToken> ReadTokenAnswer(int status, std::string_view body);

// Where an issuer's metadata may be: RFC 8414, 3.1, then OpenID Connect Discovery 1.0, 4.
std::vector<std::string> MetadataUrls(std::string_view issuer);
// The token endpoint that it names; by the rules of ReadDiscovery (jwks.h).
Result<http::Url> ReadTokenEndpoint(std::string_view document, std::string_view issuer);

}  // namespace base::auth
