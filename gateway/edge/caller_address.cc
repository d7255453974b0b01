#include "gateway/edge/caller_address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/http/locality.h"

namespace gateway {

namespace asio_ip = boost::asio::ip;

namespace {

// IPv4-mapped addresses are IPv4 ones.
asio_ip::address Normal(const asio_ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio_ip::make_address_v4(asio_ip::v4_mapped, address.to_v6());
  }
  return address;
}

// Dotted decimal, as servers write their peers: asked for each call, so without the C library.
std::optional<asio_ip::address> PlainV4(std::string_view text) {
  std::uint32_t address = 0;
  unsigned part = 0;
  int digits = 0, dots = 0;
  for (const char c : text) {
    if (c == '.') {
      if (digits == 0 || ++dots > 3) return std::nullopt;
      address = address << 8 | part;
      part = 0;
      digits = 0;
      continue;
    }
    const bool leading_zero = digits > 0 && part == 0;
    if (c < '0' || c > '9' || leading_zero) return std::nullopt;
    part = part * 10 + static_cast<unsigned>(c - '0');
    if (part > 255) return std::nullopt;
    ++digits;
  }
  if (digits == 0 || dots != 3) return std::nullopt;
  return asio_ip::address_v4(address << 8 | part);
}

bool WasForwarded(const base::http::Fields& fields) {
  for (const base::http::Field& field : fields.all()) {
    if (base::http::TellsOfForwarding(field.name)) return true;
  }
  return false;
}

// The hops that X-Forwarded-For lists, nearest last.
std::vector<std::string_view> Hops(const base::http::Fields& fields) {
  constexpr std::size_t kMaxHops = 32;
  std::vector<std::string_view> hops;
  for (const base::http::Field& field : fields.all()) {
    if (!base::http::EqualsIgnoreCase(field.name, "X-Forwarded-For")) continue;
    std::string_view rest = field.value;
    while (!rest.empty() && hops.size() < kMaxHops) {
      const auto comma = rest.find(',');
      std::string_view hop = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
      while (!hop.empty() && hop.front() == ' ') hop.remove_prefix(1);
      while (!hop.empty() && hop.back() == ' ') hop.remove_suffix(1);
      if (!hop.empty()) hops.push_back(hop);
    }
  }
  return hops;
}

}  // namespace

CallerAddress AddressOf(std::string_view peer, const base::http::Fields& fields,
                        const policy::AddressSet& trusted_proxies) {
  CallerAddress caller;
  boost::system::error_code error;
  if (const auto plain = PlainV4(peer)) {
    caller.address = *plain;
  } else {
    caller.address = Normal(asio_ip::make_address(std::string(peer), error));
  }
  const bool forwarded = WasForwarded(fields);
  caller.direct_loopback = caller.address.is_loopback() && !forwarded && !error;
  if (!forwarded || !trusted_proxies.Contains(caller.address)) return caller;

  const std::vector<std::string_view> hops = Hops(fields);
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    const auto address = asio_ip::make_address(std::string(*hop), error);
    if (error) break;  // what a trusted proxy did not write as an address is nobody's
    caller.address = Normal(address);
    caller.named_by_proxy = true;
    if (!trusted_proxies.Contains(caller.address)) break;
  }
  return caller;
}

}  // namespace gateway
