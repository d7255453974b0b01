#include "policy/address_set.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace policy {

namespace asio_ip = boost::asio::ip;

namespace {

base::Result<asio_ip::address> ParseAddress(std::string_view text) {
  boost::system::error_code error;
  // A scope (`fe80::1%eth0`) means something on one machine only.
  auto address = asio_ip::make_address(std::string(text), error);
  if (error || text.find('%') != std::string_view::npos) {
    return base::Fail(base::Code::kInvalidArgument,
                      "'" + std::string(text.substr(0, 64)) + "' is no IP address");
  }
  return address;
}

// Sets the bits behind the first `length` to `one`.
template <class Key>
void FillBehind(Key& key, unsigned length, bool one) {
  for (unsigned bit = length; bit < 128; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (bit % 8));
    std::uint8_t& byte = key[bit / 8];
    byte = one ? static_cast<std::uint8_t>(byte | mask) : static_cast<std::uint8_t>(byte & ~mask);
  }
}

}  // namespace

AddressSet::Key AddressSet::KeyOf(const asio_ip::address& address) {
  if (address.is_v6()) return address.to_v6().to_bytes();
  const auto four = address.to_v4().to_bytes();
  Key key{};
  key[10] = key[11] = 0xff;
  std::copy(four.begin(), four.end(), key.begin() + 12);
  return key;
}

base::Result<void> AddressSet::Add(std::string_view text) {
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    auto first = ParseAddress(text.substr(0, dash));
    if (!first) return first.error();
    auto last = ParseAddress(text.substr(dash + 1));
    if (!last) return last.error();
    if (first->is_v4() != last->is_v4()) {
      return base::Fail(base::Code::kInvalidArgument, "the two ends are of different families");
    }
    Range range{KeyOf(*first), KeyOf(*last)};
    if (range.last < range.first)
      return base::Fail(base::Code::kInvalidArgument, "the range ends before it begins");
    ranges_.push_back(range);
    return {};
  }
  const auto slash = text.find('/');
  auto address = ParseAddress(text.substr(0, slash));
  if (!address) return address.error();
  Range range{KeyOf(*address), KeyOf(*address)};
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const unsigned width = address->is_v4() ? 32 : 128;
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
        length > width) {
      return base::Fail(base::Code::kInvalidArgument,
                        "the prefix length must be a number from 0 to " + std::to_string(width));
    }
    FillBehind(range.first, 128 - width + length, false);
    FillBehind(range.last, 128 - width + length, true);
    if (range.first != KeyOf(*address)) {
      return base::Fail(base::Code::kInvalidArgument,
                        "the address has bits behind the prefix; write the range's first address");
    }
  }
  ranges_.push_back(range);
  return {};
}

void AddressSet::Seal() {
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> merged;
  for (const Range& range : ranges_) {
    if (!merged.empty() && range.first <= merged.back().last) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  ranges_ = std::move(merged);
}

bool AddressSet::Contains(const asio_ip::address& address) const {
  const Key key = KeyOf(address);
  auto behind =
      std::upper_bound(ranges_.begin(), ranges_.end(), key,
                       [](const Key& wanted, const Range& range) { return wanted < range.first; });
  return behind != ranges_.begin() && key <= std::prev(behind)->last;
}

}  // namespace policy
