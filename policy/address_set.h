// An AddressSet holds IP addresses and ranges: `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`,
// `10.0.0.1-10.0.0.9`.
//
// Addresses are compared as parsed, never as text; an IPv4-mapped IPv6 address (`::ffff:10.1.2.3`)
// is the IPv4 address. Lookups are a binary search. Immutable; may be shared between threads.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace policy {

class AddressSet {
 public:
  AddressSet() = default;

  // Adds one address or range. kInvalidArgument says what is wrong with the text.
  base::Result<void> Add(std::string_view text);
  // REQUIRES: after the last Add, before the first Contains.
  void Seal();

  bool Contains(const boost::asio::ip::address& address) const;
  bool empty() const { return ranges_.empty(); }

 private:
  // 16 bytes, most significant first; IPv4 as ::ffff:a.b.c.d.
  using Key = std::array<std::uint8_t, 16>;
  struct Range {
    Key first;
    Key last;
  };
  static Key KeyOf(const boost::asio::ip::address& address);

  std::vector<Range> ranges_;  // after Seal: ordered and disjoint
};

}  // namespace policy
