// A Pattern is a regular expression of ECMA-262 (with the flag u), run by RE2: linear in the text.
//
// What RE2 has no equivalent of (looking ahead and behind, references back, more than 1,000
// repetitions) is refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace base::json_schema {

class Pattern {
 public:
  // kInvalidArgument says what cannot be.
  static Result<Pattern> Compile(std::string_view ecma);

  // Somewhere in `text`, which is UTF-8.
  bool Matches(std::string_view text) const;
  const std::string& source() const { return source_; }

 private:
  Pattern(std::string source, std::shared_ptr<const re2::RE2> compiled)
      : source_(std::move(source)), compiled_(std::move(compiled)) {}

  std::string source_;
  // Shared by the copies of an immutable pattern.
  std::shared_ptr<const re2::RE2> compiled_;
};

// The same expression as RE2 spells it.
Result<std::string> ToRe2(std::string_view ecma);

}  // namespace base::json_schema
