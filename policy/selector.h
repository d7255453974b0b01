// A Selector decides whether a rule applies to a call, by globs on its method and its item.
//
// Every list that is given must match; in a list one glob is enough. `*` stands for any bytes, `?`
// for any one. Immutable; may be shared between threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/facts.h"

namespace portolan::v1 {
class Selector;
}

namespace policy {

bool GlobMatches(std::string_view glob, std::string_view text);

class Selector {
 public:
  Selector() = default;  // selects everything
  explicit Selector(const portolan::v1::Selector& spec);

  bool Matches(const Facts& facts) const;
  bool everything() const { return lists_.empty(); }

 private:
  struct List {
    std::string_view Facts::*fact;
    std::vector<std::string> globs;
  };
  std::vector<List> lists_;
};

}  // namespace policy
