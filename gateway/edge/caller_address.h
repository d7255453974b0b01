// Who is at the other end: the peer, or the client that a trusted proxy names.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string_view>

#include "base/http/message.h"
#include "policy/address_set.h"

namespace gateway {

struct CallerAddress {
  boost::asio::ip::address address;
  // The peer is on this machine, and nothing says that it speaks for somebody else: no Forwarded,
  // X-Forwarded-* or Via. A local reverse proxy makes nobody local.
  bool direct_loopback = false;
  // `address` is not the peer's own.
  bool named_by_proxy = false;
};

// X-Forwarded-For is read from the right, only as far as each hop is trusted; what an untrusted
// peer wrote is ignored.
CallerAddress AddressOf(std::string_view peer, const base::http::Fields& fields,
                        const policy::AddressSet& trusted_proxies);

}  // namespace gateway
