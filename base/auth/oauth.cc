#include "base/auth/oauth.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include "base/auth/jwks.h"
#include "base/auth/openssl.h"
#include "base/http/message.h"
#include "base/json.h"

namespace base::auth {
namespace {

constexpr JsonLimits kAnswer{.max_bytes = 256 * 1024, .max_depth = 16, .max_values = 10'000};
constexpr std::size_t kMaxTokenBytes = 32 * 1024;
constexpr std::int64_t kLongestLifeS = 366LL * 24 * 3600;

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void AppendEncoded(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

std::string Encoded(std::string_view text) {
  std::string out;
  AppendEncoded(text, out);
  return out;
}

// RFC 6750, 2.1; what may stand in a header.
bool IsTokenText(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTokenBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// RFC 6749, 5.2: a word, so that it may stand in a log.
std::string ErrorCode(const nlohmann::json& tree) {
  const auto code = tree.find("error");
  if (code == tree.end() || !code->is_string()) return {};
  const auto& text = code->get_ref<const std::string&>();
  const bool word =
      !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || c == '_' || c == '-';
      });
  return word ? text : std::string();
}

Error Refused(int status, const std::string& code) {
  const bool of_grant = code == "invalid_grant";
  const std::string said = code.empty() ? "HTTP " + std::to_string(status) : "'" + code + "'";
  return Fail(of_grant ? Code::kUnauthenticated : Code::kUnavailable,
              "the authorization server answered " + said);
}

Error Lies(std::string what) {
  return Fail(Code::kUnavailable, "the authorization server's metadata " + std::move(what));
}

bool IsAddress(const http::Url& url) {
  boost::system::error_code error;
  boost::asio::ip::make_address(url.host, error);
  return !error;
}

}  // namespace

std::string BasicAuthorization(std::string_view user, std::string_view password) {
  const std::string plain = std::string(user) + ":" + std::string(password);
  // Four letters for each three bytes, and a NUL behind them.
  std::string out((plain.size() + 2) / 3 * 4 + 1, '\0');
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                      openssl::Bytes(plain), static_cast<int>(plain.size()));
  out.resize(static_cast<std::size_t>(written));
  return "Basic " + out;
}

std::string FormEncoded(const FormParameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    AppendEncoded(name, out);
    out += '=';
    AppendEncoded(value, out);
  }
  return out;
}

TokenRequest MakeTokenRequest(const OAuthClient& client, FormParameters parameters) {
  TokenRequest request;
  if (client.secret && client.proof == ClientProof::kBasic) {
    // RFC 6749, 2.3.1: both are form-encoded first.
    request.authorization = BasicAuthorization(Encoded(client.id), Encoded(*client.secret));
  } else {
    parameters.emplace_back("client_id", client.id);
    if (client.secret) parameters.emplace_back("client_secret", *client.secret);
  }
  request.body = FormEncoded(parameters);
  return request;
}

Result<AccessToken> ReadTokenAnswer(int status, std::string_view body) {
  const auto tree = ParseJson(body, kAnswer);
  const bool object = tree.has_value() && tree->is_object();
  if (status != 200) return Refused(status, object ? ErrorCode(*tree) : std::string());
  if (!object)
    return Fail(Code::kUnavailable, "the authorization server's answer is no JSON object");
  const auto value = tree->find("access_token");
  const auto type = tree->find("token_type");
  if (value == tree->end() || !value->is_string() ||
      !IsTokenText(value->get_ref<const std::string&>()))
    return Fail(Code::kUnavailable, "the authorization server's answer has no usable access_token");
  if (type == tree->end() || !type->is_string() ||
      !http::EqualsIgnoreCase(type->get_ref<const std::string&>(), "bearer"))
    return Fail(Code::kUnavailable,
                "the authorization server gave a token that is no bearer token");
  AccessToken token;
  token.value = value->get<std::string>();
  // Some say it as text.
  const auto life = tree->find("expires_in");
  if (life != tree->end() && life->is_number()) {
    token.expires_in_s = static_cast<std::int64_t>(
        std::clamp(life->get<double>(), 0.0, static_cast<double>(kLongestLifeS)));
  } else if (life != tree->end() && life->is_string()) {
    const std::string& text = life->get_ref<const std::string&>();
    const bool digits =
        !text.empty() && text.size() <= 8 &&
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits) token.expires_in_s = std::min<std::int64_t>(std::stoll(text), kLongestLifeS);
  }
  return token;
}

std::vector<std::string> MetadataUrls(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  const std::size_t scheme = issuer.find("://");
  const std::size_t path = scheme == issuer.npos ? issuer.npos : issuer.find('/', scheme + 3);
  const std::string origin(issuer.substr(0, path));
  const std::string rest(path == issuer.npos ? std::string_view() : issuer.substr(path));
  return {origin + "/.well-known/oauth-authorization-server" + rest, DiscoveryUrl(issuer)};
}

Result<http::Url> ReadTokenEndpoint(std::string_view document, std::string_view issuer) {
  const auto tree = ParseJson(document, kAnswer);
  if (tree.has_error() || !tree->is_object()) return Lies("is not one JSON object");
  const auto said = tree->find("issuer");
  if (said == tree->end() || *said != issuer) return Lies("is that of another issuer");
  const auto endpoint = tree->find("token_endpoint");
  if (endpoint == tree->end() || !endpoint->is_string()) return Lies("names no token_endpoint");
  auto url = KeyUrl(endpoint->get_ref<const std::string&>());
  if (url.has_error()) return Lies("names a token_endpoint where secrets may not go");
  const auto home = http::Url::Parse(issuer);
  if (IsAddress(*url) && (home.has_error() || home->host != url->host))
    return Lies("names a token_endpoint at an address that is not the issuer's");
  return url;
}

}  // namespace base::auth
