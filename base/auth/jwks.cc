#include "base/auth/jwks.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/auth/jwt.h"
#include "base/json.h"

namespace base::auth {
namespace {

constexpr std::string_view kDiscovery = "/.well-known/openid-configuration";
constexpr JsonLimits kDocument{.max_bytes = 256 * 1024, .max_depth = 16, .max_values = 10'000};

std::optional<boost::asio::ip::address> AddressIn(const http::Url& url) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(url.host, error);
  if (error) return std::nullopt;
  return address;
}

Error Lies(std::string what) {
  return Fail(Code::kUnavailable, "the discovery document " + std::move(what));
}

}  // namespace

bool Jwks::Wants(std::string_view key_id, TimePoint now) {
  if (being_fetched_ || !IsTime(key_id, now)) return false;
  if (keys_ && !Knows(key_id, now)) sought_unknown_at_ = now;
  return being_fetched_ = true;
}

bool Jwks::IsTime(std::string_view key_id, TimePoint now) const {
  if (failed_at_ && now - *failed_at_ < kBetweenFailures) return false;
  if (!keys_ || now - fetched_at_ >= kFresh) return true;
  if (Knows(key_id, now)) return false;
  return !sought_unknown_at_ || now - *sought_unknown_at_ >= kBetweenUnknown;
}

void Jwks::Settle(Result<KeySet> fetched, TimePoint now) {
  being_fetched_ = false;
  if (fetched.has_error()) {
    failed_at_ = now;
    failure_ = "the issuer's keys could not be fetched: " + fetched.error().message;
    return;
  }
  keys_ = std::make_shared<const KeySet>(*std::move(fetched));
  fetched_at_ = now;
  failed_at_.reset();
}

bool Jwks::Knows(std::string_view key_id, TimePoint now) const {
  if (!keys_ || now - fetched_at_ >= kStale) return false;
  return key_id.empty() || std::any_of(keys_->begin(), keys_->end(),
                                       [&](const Jwk& key) { return key.id() == key_id; });
}

Result<Jwks::Keys> Jwks::Current(TimePoint now) const {
  if (keys_ && now - fetched_at_ < kStale) return keys_;
  return TokenError("KeySetUnavailable",
                    failure_.empty() ? "the issuer's keys are not known yet" : failure_);
}

Result<http::Url> KeyUrl(std::string_view text) {
  auto url = http::Url::Parse(text);
  if (url.has_error() || url->tls) return url;
  const auto address = AddressIn(*url);
  if (!address || !address->is_loopback())
    return Fail(Code::kInvalidArgument, "must be https, except at 127.0.0.1 and [::1]");
  return url;
}

std::string DiscoveryUrl(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + std::string(kDiscovery);
}

Result<http::Url> ReadDiscovery(std::string_view document, std::string_view issuer) {
  const auto tree = ParseJson(document, kDocument);
  if (tree.has_error() || !tree->is_object()) return Lies("is not one JSON object");
  const auto said = tree->find("issuer");
  if (said == tree->end() || *said != issuer) return Lies("is that of another issuer");
  const auto uri = tree->find("jwks_uri");
  if (uri == tree->end() || !uri->is_string()) return Lies("names no jwks_uri");
  auto url = KeyUrl(uri->get_ref<const std::string&>());
  // What stands there is not repeated: it goes into logs.
  if (url.has_error()) return Lies("names a jwks_uri where keys may not come from");
  const auto home = http::Url::Parse(issuer);
  if (AddressIn(*url) && (home.has_error() || home->host != url->host))
    return Lies("names a jwks_uri at an address that is not the issuer's");
  return url;
}

}  // namespace base::auth
