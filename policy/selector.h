// A Selector decides whether a rule applies to a call, by globs on its method and its item, and by
// what a tool says of itself.
//
// Every list that is given must match; in a list one glob is enough. `*` stands for any bytes, `?`
// for any one. Immutable; may be shared between threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/facts.h"

namespace portolan::v1 {
class Selector;
class ToolHints;
}  // namespace portolan::v1

namespace policy {

bool GlobMatches(std::string_view glob, std::string_view text);

class Selector {
 public:
  Selector() = default;  // selects everything
  explicit Selector(const portolan::v1::Selector& spec);

  bool Matches(const Facts& facts) const;
  // The same when the resource is any that a template stands for.
  enum class Choice { kNo, kMaybe, kYes };
  Choice MatchesTemplate(const Facts& facts) const;

  bool everything() const { return lists_.empty() && !hints_.any(); }
  // Whether it asks what a tool says of itself (Facts::tool_hints).
  bool reads_hints() const { return hints_.any(); }
  bool names_methods() const { return Names(&Facts::method); }
  // Whether it can select an item of that kind at all: &Facts::tool_name, prompt_name or
  // resource_uri.
  bool MaySelect(std::string_view Facts::*kind) const;

 private:
  struct List {
    std::string_view Facts::*fact;
    std::vector<std::string> globs;
  };
  struct Hints {
    std::optional<bool> read_only, destructive, idempotent, open_world;
    bool any() const { return read_only || destructive || idempotent || open_world; }
    bool Match(const ToolHints& said) const;
  };
  static Hints HintsIn(const portolan::v1::ToolHints& spec);
  bool Names(std::string_view Facts::*fact) const;

  std::vector<List> lists_;
  Hints hints_;
};

}  // namespace policy
