// A UriTemplate is a URI with named gaps: `test://template/{id}/data` (RFC 6570, level 1).
//
// A gap is never empty, and a `/` in its value is written %2F; only in a gap at the very end it may
// stand as it is, since that is what many clients send.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mcp {

class UriTemplate {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  // kInvalidArgument for everything beyond `{name}`, and for two gaps with nothing between them.
  static base::Result<UriTemplate> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::vector<std::string>& names() const { return names_; }
  // What stands in the gaps of `uri`, percent-decoded.
  std::optional<Variables> Match(std::string_view uri) const;

 private:
  std::string text_;
  // literals_[0] names_[0] literals_[1] names_[1] ... literals_.back()
  std::vector<std::string> literals_;
  std::vector<std::string> names_;
};

}  // namespace mcp
