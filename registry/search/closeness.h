// Names that look like a misspelt one.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace registry::search {

// Letters to insert, delete, replace or swap to get from one to the other; more than `at_most` is
// not counted out.
std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t at_most);

// Collects what is offered and close to one name; case and separators do not count.
class CloseNamesTo {
 public:
  explicit CloseNamesTo(std::string_view name);

  // `shown` is close when any of its spellings is.
  void Offer(std::string shown, std::initializer_list<std::string_view> spellings);
  // The closest first.
  std::vector<std::string> Take(std::size_t at_most);

 private:
  struct Found {
    std::size_t distance;
    std::string shown;
  };
  std::string name_;  // squeezed
  std::vector<Found> found_;
};

}  // namespace registry::search
