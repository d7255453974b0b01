// ExactNames finds who bears a name, whatever its case and separators: by the hash of its letters
// and digits. Who asks compares the name itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace registry::search {

class ExactNames {
 public:
  // `squeezed` as Squeeze() gives it. The same pair again does nothing.
  void Add(std::string_view squeezed, std::uint32_t bearer);
  void Remove(std::string_view squeezed, std::uint32_t bearer);

  // And perhaps others; in order.
  std::vector<std::uint32_t> Bearers(std::string_view squeezed) const;
  bool MayBear(std::string_view squeezed) const { return only_.contains(Hash(squeezed)); }
  // No name that was ever added is longer.
  std::size_t longest() const { return longest_; }

 private:
  static constexpr std::uint32_t kMany = 0xffffffff;  // no bearer's number

  static std::size_t Hash(std::string_view name) { return std::hash<std::string_view>{}(name); }

  // By hash: most names have one bearer.
  std::unordered_map<std::size_t, std::uint32_t> only_;
  std::unordered_map<std::size_t, std::vector<std::uint32_t>> many_;  // each in order
  std::size_t longest_ = 0;
};

}  // namespace registry::search
