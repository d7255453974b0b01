// A Redaction replaces members of JSON by `"[redacted]"`, by paths: `$.card`, `$.items[*].iban`,
// `$..password`. A small part of JSONPath (RFC 9535): names, `*`, `[2]`, `['a name']`, `..`; no
// filters, no slices, no counting from the end.
//
// Texts in the JSON that are JSON objects or arrays themselves, as tools write their results, are
// redacted by the same paths, each counted from its own beginning.
//
// Immutable; may be shared between threads. One pass for all paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace policy {

class Redaction {
 public:
  Redaction() = default;  // replaces nothing

  // kInvalidArgument names the column.
  base::Result<void> Add(std::string_view path);
  // The same path once more, counted from a member of the root.
  base::Result<void> AddBelow(std::string_view member, std::string_view path);

  bool empty() const { return paths_.empty(); }
  // The JSON without what the paths lead to; nullopt: it is none (RFC 8259), or nested too deeply.
  std::optional<std::string> Apply(std::string_view json) const;

 private:
  struct Step {
    enum class Kind { kName, kIndex, kAny };
    Kind kind = Kind::kAny;
    std::string name;
    std::size_t index = 0;
    bool at_any_depth = false;  // `..`
  };
  using Path = std::vector<Step>;
  // How far along a path a value is.
  struct State {
    std::uint32_t path;
    std::uint32_t step;
  };
  using States = std::vector<State>;

  static base::Result<Path> Parse(std::string_view path);
  States Beginning() const;
  // The states of an item of a value in these states; nullopt: it is replaced.
  template <class Fits>
  std::optional<States> Below(const States& states, Fits fits) const;
  void Walk(std::string_view value, const States& states, int texts, std::string& out) const;
  void WalkText(std::string_view raw, int texts, std::string& out) const;

  std::vector<Path> paths_;
};

}  // namespace policy
