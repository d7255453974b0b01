#include "policy/credential.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/auth/jwks.h"
#include "base/http/characters.h"
#include "base/http/client.h"
#include "base/http/client_certificate.h"
#include "base/http/message.h"

namespace policy {

namespace v1 = portolan::v1;
using base::http::EqualsIgnoreCase;

namespace {

constexpr std::size_t kMaxSecretBytes = 65'536;
constexpr std::size_t kMaxTextBytes = 2'048;
constexpr std::size_t kMaxPrefixBytes = 64;
constexpr int kMaxHosts = 64;
constexpr int kMaxScopes = 64;
constexpr int kMaxParameters = 16;
constexpr std::string_view kVariablePrefix = "PORTOLAN_SECRET_";

base::Error Bad(std::string_view pointer, std::string_view what) {
  return base::Fail(base::Code::kInvalidArgument, std::string(pointer) + ": " + std::string(what));
}

bool IsLowerAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= 63 && IsLowerAlphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLowerAlphanumeric(c) || c == '-'; });
}

// ---- Secrets

enum class Needed { kYes, kNo };
// Where a secret goes says what may stand in it.
enum class Goes { kIntoHeader, kIntoBody };

base::Result<void> CheckVariable(const std::string& pointer, std::string_view name) {
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (name.size() > kVariablePrefix.size() && name.size() <= 128 && letters &&
      name.starts_with(kVariablePrefix))
    return {};
  return Bad(pointer + "/env",
             "must begin with PORTOLAN_SECRET_, of A-Z, 0-9 and '_': other variables are none of "
             "a credential's");
}

// Below the gateway's folder, and nowhere else.
base::Result<void> CheckFile(const std::string& pointer, std::string_view file) {
  std::string_view rest = file;
  bool fine = !file.empty() && file.size() <= 512;
  while (fine && !rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    fine = !part.empty() && part != "." && part != ".." &&
           std::none_of(part.begin(), part.end(),
                        [](char c) { return base::http::IsControl(c) || c == '\\'; });
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
    fine = fine && !rest.empty();
  }
  if (fine) return {};
  return Bad(pointer + "/file",
             "must be a path below the gateway's folder of secrets, without '..', '.' and a slash "
             "in front");
}

base::Result<void> CheckSecret(const std::string& pointer, const v1::Secret* secret, Goes goes,
                               Needed needed = Needed::kYes) {
  if (!secret || secret->source_case() == v1::Secret::SOURCE_NOT_SET) {
    if (!secret && needed == Needed::kNo) return {};
    return Bad(pointer, "is missing: give it a value, env or file");
  }
  if (secret->has_env()) return CheckVariable(pointer, secret->env());
  if (secret->has_file()) return CheckFile(pointer, secret->file());
  if (secret->has_sealed())
    return Bad(pointer + "/sealed", "is how the registry keeps it; write its value");
  const std::string& value = secret->value();
  if (value.empty()) return Bad(pointer + "/value", "must not be empty");
  if (value.size() > kMaxSecretBytes) return Bad(pointer + "/value", "at most 65,536 bytes");
  if (goes == Goes::kIntoHeader &&
      std::any_of(value.begin(), value.end(), [](char c) { return base::http::IsControl(c); })) {
    return Bad(pointer + "/value",
               "holds a line end or another character that may not stand in a header; was it "
               "pasted with its line feed?");
  }
  return {};
}

// ---- The kinds

// What belongs to a connection, to the protocol, or to us.
bool IsReserved(std::string_view name) {
  constexpr std::array<std::string_view, 15> kReserved = {
      "host",         "content-length", "content-type",      "content-encoding",
      "accept",       "connection",     "transfer-encoding", "te",
      "trailer",      "upgrade",        "keep-alive",        "expect",
      "x-request-id", "traceparent",    "last-event-id"};
  constexpr std::string_view kProtocol = "mcp-";
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view one) { return EqualsIgnoreCase(one, name); }) ||
         EqualsIgnoreCase(name.substr(0, kProtocol.size()), kProtocol);
}

base::Result<void> Check(const v1::HeaderCredential& header) {
  const std::string here = "/spec/header";
  const std::string& name = header.name();
  if (name.size() > 128 || !std::all_of(name.begin(), name.end(), base::http::IsToken))
    return Bad(here + "/name", "is not the name of a header");
  if (IsReserved(name))
    return Bad(here + "/name", "belongs to the connection or the protocol; choose another");
  const std::string& prefix = header.prefix();
  if (prefix.size() > kMaxPrefixBytes) return Bad(here + "/prefix", "at most 64 bytes");
  if (std::any_of(prefix.begin(), prefix.end(), [](char c) { return base::http::IsControl(c); }))
    return Bad(here + "/prefix", "holds a character that may not stand in a header");
  return CheckSecret(here + "/secret", header.has_secret() ? &header.secret() : nullptr,
                     Goes::kIntoHeader);
}

base::Result<void> Check(const v1::BasicCredential& basic) {
  const std::string here = "/spec/basic";
  const std::string& name = basic.username();
  if (name.size() > kMaxTextBytes) return Bad(here + "/username", "at most 2,048 bytes");
  if (name.find(':') != name.npos ||
      std::any_of(name.begin(), name.end(), [](char c) { return base::http::IsControl(c); }))
    return Bad(here + "/username", "must be without colons and control characters");
  return CheckSecret(here + "/password", basic.has_password() ? &basic.password() : nullptr,
                     Goes::kIntoHeader);
}

base::Result<void> Check(const v1::ClientCertificateCredential& shown) {
  const std::string here = "/spec/client_certificate";
  if (shown.certificate_pem().size() > kMaxSecretBytes)
    return Bad(here + "/certificate_pem", "at most 65,536 bytes");
  const v1::Secret* key = shown.has_private_key_pem() ? &shown.private_key_pem() : nullptr;
  if (const auto ok = CheckSecret(here + "/private_key_pem", key, Goes::kIntoBody); ok.has_error())
    return ok.error();
  // What is not told here is held against the certificate by the gateway.
  if (!key->has_value() || key->value() == kMaskedSecret) {
    if (shown.certificate_pem().find("-----BEGIN CERTIFICATE-----") != std::string::npos) return {};
    return Bad(here + "/certificate_pem", "must be PEM: the certificate, then its issuers");
  }
  const auto fits = base::http::ShowingCertificate(shown.certificate_pem(), key->value());
  if (fits.has_error()) return Bad(here, fits.error().message);
  return {};
}

base::Result<void> CheckPlace(const std::string& pointer, const std::string& url) {
  if (url.size() > kMaxTextBytes) return Bad(pointer, "at most 2,048 bytes");
  const auto parsed = base::auth::KeyUrl(url);
  if (parsed.has_error()) return Bad(pointer, parsed.error().message);
  return {};
}

base::Result<void> CheckClient(const std::string& here, const v1::OAuthClient& client,
                               Needed secret) {
  if (client.token_url().empty() == client.issuer().empty())
    return Bad(here, "needs one of token_url and issuer");
  const bool found = client.token_url().empty();
  const auto place = CheckPlace(here + (found ? "/issuer" : "/token_url"),
                                found ? client.issuer() : client.token_url());
  if (place.has_error()) return place.error();
  if (client.client_id().empty()) return Bad(here + "/client_id", "is missing");
  if (client.client_id().size() > kMaxTextBytes)
    return Bad(here + "/client_id", "at most 2,048 bytes");
  return CheckSecret(here + "/client_secret",
                     client.has_client_secret() ? &client.client_secret() : nullptr,
                     Goes::kIntoBody, secret);
}

template <class Repeated>
base::Result<void> CheckScopes(const std::string& here, const Repeated& scopes) {
  if (scopes.size() > kMaxScopes) return Bad(here + "/scopes", "at most 64");
  for (int i = 0; i < scopes.size(); ++i) {
    // RFC 6749, 3.3
    const bool fine = !scopes[i].empty() && scopes[i].size() <= 256 &&
                      std::all_of(scopes[i].begin(), scopes[i].end(), [](char c) {
                        return c > ' ' && c < 0x7f && c != '"' && c != '\\';
                      });
    if (!fine) return Bad(here + "/scopes/" + std::to_string(i), "is not a scope");
  }
  return {};
}

template <class Repeated>
base::Result<void> CheckParameters(const std::string& here, const Repeated& parameters) {
  constexpr std::array<std::string_view, 14> kOurs = {"grant_type",
                                                      "client_id",
                                                      "client_secret",
                                                      "scope",
                                                      "resource",
                                                      "audience",
                                                      "subject_token",
                                                      "subject_token_type",
                                                      "requested_token_type",
                                                      "actor_token",
                                                      "actor_token_type",
                                                      "code",
                                                      "redirect_uri",
                                                      "state"};
  if (parameters.size() > kMaxParameters) return Bad(here + "/parameters", "at most 16");
  for (int i = 0; i < parameters.size(); ++i) {
    const std::string pointer = here + "/parameters/" + std::to_string(i);
    const std::string& name = parameters[i].name();
    if (name.empty() || name.size() > 128)
      return Bad(pointer + "/name", "must have 1 to 128 bytes");
    if (std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end())
      return Bad(pointer + "/name", "has a field of its own, or is the gateway's business");
    if (parameters[i].value().size() > kMaxTextBytes)
      return Bad(pointer + "/value", "at most 2,048 bytes");
  }
  return {};
}

base::Result<void> CheckResource(const std::string& here, const std::string& resource,
                                 const std::string& audience) {
  if (audience.size() > kMaxTextBytes) return Bad(here + "/audience", "at most 2,048 bytes");
  if (resource.empty()) return {};
  // RFC 8707, 2: absolute, without a fragment.
  const bool fine =
      resource.size() <= kMaxTextBytes && resource.find(':') != resource.npos &&
      resource.find('#') == resource.npos &&
      std::all_of(resource.begin(), resource.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!fine) return Bad(here + "/resource", "must be an absolute URI without a fragment");
  return {};
}

base::Result<void> Check(const v1::ClientCredentials& credentials) {
  const std::string here = "/spec/oauth_client_credentials";
  auto ok = CheckClient(here + "/client", credentials.client(), Needed::kYes);
  if (!ok.has_error()) ok = CheckScopes(here, credentials.scopes());
  if (!ok.has_error()) ok = CheckResource(here, credentials.resource(), credentials.audience());
  if (!ok.has_error()) ok = CheckParameters(here, credentials.parameters());
  return ok;
}

base::Result<void> Check(const v1::TokenExchange& exchange) {
  const std::string here = "/spec/token_exchange";
  auto ok = CheckClient(here + "/client", exchange.client(), Needed::kNo);
  if (!ok.has_error()) ok = CheckScopes(here, exchange.scopes());
  if (!ok.has_error()) ok = CheckResource(here, exchange.resource(), exchange.audience());
  if (!ok.has_error()) ok = CheckParameters(here, exchange.parameters());
  if (ok.has_error()) return ok;
  for (const auto& [field, type] :
       {std::pair("/requested_token_type", exchange.requested_token_type()),
        std::pair("/subject_token_type", exchange.subject_token_type())}) {
    if (!type.empty() && !type.starts_with("urn:ietf:params:oauth:token-type:"))
      return Bad(here + field, "must begin with urn:ietf:params:oauth:token-type: (RFC 8693, 3)");
    if (type.size() > 256) return Bad(here + field, "at most 256 bytes");
  }
  if (!exchange.actor_credential().empty() && !IsLabel(exchange.actor_credential()))
    return Bad(here + "/actor_credential", "is not the name of a credential");
  return {};
}

// ---- Hosts

struct HostPattern {
  std::string_view host;  // with its brackets
  std::string_view port;  // empty: any
};

HostPattern Split(std::string_view pattern) {
  const std::size_t bracket = pattern.rfind(']');
  const std::size_t colon = pattern.find(':', bracket == pattern.npos ? 0 : bracket);
  if (colon == pattern.npos) return {pattern, {}};
  return {pattern.substr(0, colon), pattern.substr(colon + 1)};
}

bool IsHostPattern(std::string_view pattern) {
  const HostPattern parts = Split(pattern);
  std::uint16_t port = 0;
  if (pattern.ends_with(':')) return false;
  if (!parts.port.empty()) {
    const char* end = parts.port.data() + parts.port.size();
    const auto read = std::from_chars(parts.port.data(), end, port);
    if (read.ec != std::errc() || read.ptr != end || port == 0) return false;
  }
  std::string_view host = parts.host;
  if (host.starts_with('[')) {
    return host.ends_with(']') && host.size() > 2 &&
           std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
             return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
           });
  }
  if (host.starts_with("*.")) host.remove_prefix(2);
  return !host.empty() && host.size() <= 253 && IsLowerAlphanumeric(host.front()) &&
         host.find("..") == host.npos && std::all_of(host.begin(), host.end(), [](char c) {
           return IsLowerAlphanumeric(c) || c == '-' || c == '.' || c == '_';
         });
}

bool Covers(std::string_view pattern, std::string_view host, std::uint16_t port) {
  HostPattern parts = Split(pattern);
  if (!parts.port.empty() && parts.port != std::to_string(port)) return false;
  if (parts.host.starts_with('[')) {
    return parts.host.substr(1, parts.host.size() - 2) == host;
  }
  if (!parts.host.starts_with("*.")) return parts.host == host;
  const std::string_view below = parts.host.substr(1);
  return host.size() > below.size() && host.ends_with(below);
}

}  // namespace

base::Result<void> Validate(const v1::Credential& credential) {
  if (credential.description().size() > 4096)
    return Bad("/spec/description", "at most 4,096 bytes");
  if (credential.hosts_size() > kMaxHosts) return Bad("/spec/hosts", "at most 64");
  for (int i = 0; i < credential.hosts_size(); ++i) {
    if (IsHostPattern(credential.hosts(i))) continue;
    return Bad("/spec/hosts/" + std::to_string(i),
               "must be a host in lower case, '*.' before one for those below it, with ':PORT' "
               "behind it for that port only");
  }
  switch (credential.kind_case()) {
    case v1::Credential::kHeader: return Check(credential.header());
    case v1::Credential::kBasic: return Check(credential.basic());
    case v1::Credential::kClientCertificate: return Check(credential.client_certificate());
    case v1::Credential::kOauthClientCredentials:
      return Check(credential.oauth_client_credentials());
    case v1::Credential::kTokenExchange: return Check(credential.token_exchange());
    case v1::Credential::kOauthUser:
      return Bad("/spec/oauth_user", "is not served by this version of Portolan");
    case v1::Credential::KIND_NOT_SET: break;
  }
  return Bad("/spec",
             "needs a kind: header, basic, client_certificate, oauth_client_credentials or "
             "token_exchange");
}

bool IsShownTo(const v1::Credential& credential, std::string_view host, std::uint16_t port,
               bool otherwise) {
  if (credential.hosts().empty()) return otherwise;
  return std::any_of(credential.hosts().begin(), credential.hosts().end(),
                     [&](const std::string& pattern) { return Covers(pattern, host, port); });
}

bool IsPerCaller(const v1::Credential& credential) {
  return credential.has_token_exchange() || credential.has_oauth_user();
}

}  // namespace policy
