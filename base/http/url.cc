#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <charconv>
#include <cstring>

#include "base/http/client.h"
#include "base/http/server.h"

namespace base::http {
namespace {

std::uint16_t DefaultPort(bool tls) { return tls ? 443 : 80; }

std::string InBrackets(std::string_view host) {
  if (host.find(':') == std::string_view::npos) return std::string(host);
  return "[" + std::string(host) + "]";
}

Error BadUrl(std::string_view text, std::string_view why) {
  std::string shown(text.substr(0, 200));
  return Fail(Code::kInvalidArgument, "URL '" + shown + "': " + std::string(why));
}

Result<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return Fail(Code::kInvalidArgument,
                "port '" + std::string(text.substr(0, 20)) + "' is not a number from 0 to 65535");
  }
  return port;
}

}  // namespace

Result<Url> Url::Parse(std::string_view text) {
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) return BadUrl(text, "not a URL");
  Url url;
  if (EqualsIgnoreCase(std::string_view(parsed->scheme()), "https")) {
    url.tls = true;
  } else if (!EqualsIgnoreCase(std::string_view(parsed->scheme()), "http")) {
    return BadUrl(text, "the scheme must be http or https");
  }
  if (!parsed->has_authority() || parsed->host().empty()) return BadUrl(text, "no host");
  if (parsed->has_userinfo()) return BadUrl(text, "user information is not allowed");
  if (parsed->has_fragment()) return BadUrl(text, "a fragment is not allowed");
  if (parsed->host_type() == boost::urls::host_type::ipvfuture)
    return BadUrl(text, "unknown kind of address");

  // Boost.URL takes what follows a `:` that is no port for a path.
  const std::string_view path = parsed->encoded_path();
  if (!path.empty() && path.front() != '/') {
    return BadUrl(text, "the port must be from 1 to 65535");
  }

  url.host =
      parsed->host_type() == boost::urls::host_type::ipv6 ? parsed->host_address() : parsed->host();
  for (char& c : url.host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      std::strchr(".-_", c) != nullptr ||
                      (c == ':' && parsed->host_type() == boost::urls::host_type::ipv6);
    if (!fine || c == '\0') return BadUrl(text, "the host has a character that no host name has");
  }
  url.port = DefaultPort(url.tls);
  if (parsed->has_port() && !parsed->port().empty()) {
    const auto port = ParsePort(std::string_view(parsed->port()));
    if (!port || *port == 0) return BadUrl(text, "the port must be from 1 to 65535");
    url.port = *port;
  }
  url.target = std::string(parsed->encoded_target());
  if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
  return url;
}

std::string Url::origin() const {
  return (tls ? "https://" : "http://") + InBrackets(host) + ":" + std::to_string(port);
}

std::string Url::authority() const {
  if (port == DefaultPort(tls)) return InBrackets(host);
  return InBrackets(host) + ":" + std::to_string(port);
}

Result<ListenAddress> ListenAddress::Parse(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Fail(Code::kInvalidArgument,
                "address '" + std::string(text.substr(0, 200)) + "': " + std::string(why));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("must be HOST:PORT");
  const auto port = ParsePort(text.substr(colon + 1));
  if (!port) return bad(port.error().message);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (EqualsIgnoreCase(host, "localhost")) host = "127.0.0.1";
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(std::string(host), error);
  if (error) return bad("the host must be an IP address or localhost");
  if (parsed.is_v6() != bracketed)
    return bad(bracketed ? "only IPv6 stands in brackets" : "IPv6 needs brackets");
  return ListenAddress{parsed.to_string(), *port};
}

std::string ListenAddress::ToString() const {
  return InBrackets(host) + ":" + std::to_string(port);
}

bool ListenAddress::is_loopback() const {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(host, error);
  return !error && parsed.is_loopback();
}

}  // namespace base::http
