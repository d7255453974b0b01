#include "gateway/edge/hosts.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "base/http/client.h"
#include "base/http/origin_check.h"

namespace gateway {

namespace {

using base::http::EqualsIgnoreCase;
using base::http::HostWithoutPort;

bool IsLiteral(std::string_view name) {
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(name), error);
  return !error;
}

}  // namespace

base::Result<Hosts> Hosts::Of(const base::http::ListenAddress& listen, std::string_view public_url,
                              std::string_view portal_url) {
  Hosts hosts;
  if (!public_url.empty()) {
    auto url = base::http::Url::Parse(public_url);
    if (!url) return url.error().WithContext("public_url");
    hosts.names_.push_back(url->host);
    hosts.public_host_ = url->host;
    hosts.public_url_ = (url->tls ? "https://" : "http://") + url->authority() + url->target;
    while (hosts.public_url_.ends_with('/')) hosts.public_url_.pop_back();
  } else {
    hosts.names_.emplace_back(HostWithoutPort(listen.ToString()));
    hosts.any_literal_ = listen.host == "0.0.0.0" || listen.host == "::";
  }
  if (listen.is_loopback() || hosts.any_literal_) {
    hosts.names_.insert(hosts.names_.end(), {"localhost", "127.0.0.1", "::1"});
  }
  if (!portal_url.empty()) {
    auto url = base::http::Url::Parse(portal_url);
    if (!url) return url.error().WithContext("portal_url");
    // As browsers write an origin: without the port when it is the scheme's (RFC 6454, 6.2).
    auto add = [&] {
      hosts.portal_origins_.push_back((url->tls ? "https://" : "http://") + url->authority());
    };
    add();
    // A person types either name for this machine.
    if (base::http::IsLoopbackHost(url->host)) {
      for (const char* name : {"localhost", "127.0.0.1"}) {
        url->host = name;
        add();
      }
    }
  }
  return hosts;
}

bool Hosts::AllowsHost(std::string_view host) const {
  const std::string_view name = HostWithoutPort(host);
  if (name.empty()) return false;
  for (const std::string& known : names_) {
    if (EqualsIgnoreCase(known, name)) return true;
  }
  return any_literal_ && IsLiteral(name);
}

bool Hosts::AllowsOrigin(std::string_view origin) const {
  if (IsPortal(origin)) return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return AllowsHost(origin.substr(scheme.size()));
  }
  return false;  // `null` too
}

std::string Hosts::UrlFor(std::string_view host, bool tls) const {
  const std::string_view name = HostWithoutPort(host);
  if (!public_host_.empty() && EqualsIgnoreCase(name, public_host_)) return public_url_;
  // What stands behind the name was never looked at.
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != host.npos && colon + 1 < host.size() && host.back() != ']' &&
                        std::all_of(host.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                    host.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::string url = tls ? "https://" : "http://";
  url += name.find(':') == name.npos ? std::string(name) : "[" + std::string(name) + "]";
  return has_port ? url + std::string(host.substr(colon)) : url;
}

bool Hosts::IsPortal(std::string_view origin) const {
  return std::find(portal_origins_.begin(), portal_origins_.end(), origin) != portal_origins_.end();
}

}  // namespace gateway
