// Walking raw JSON without a tree: the members of an object and the elements of an array, as views
// into the bytes.
//
// REQUIRES: the bytes are valid JSON, as Scan or the whole-document check below leaves them. Cost:
// one pass over what is skipped; nothing is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mcp {

// The members of a raw object, in order: `Members members(raw); while (members.Next())
// members.key() ...`. Anything that is not an object has no members.
class Members {
 public:
  explicit Members(std::string_view object);
  bool Next();
  // Raw JSON, quotes included.
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  // True for the member of that name; escapes in the key are decoded.
  bool Is(std::string_view name) const;

 private:
  std::string_view rest_;
  std::string_view key_;
  std::string_view value_;
};

// The elements of a raw array, in order. Anything that is not an array has none.
class Elements {
 public:
  explicit Elements(std::string_view array);
  bool Next();
  std::string_view value() const { return value_; }

 private:
  std::string_view rest_;
  std::string_view value_;
};

// The raw value of a member; empty when `object` has none of that name or is no object.
std::string_view Member(std::string_view object, std::string_view name);

// Whether `bytes` are one valid JSON value (RFC 8259, UTF-8, at most 64 levels deep) with nothing
// but spaces around it.
bool IsJson(std::string_view bytes);
inline bool IsObject(std::string_view raw) { return !raw.empty() && raw.front() == '{'; }
inline bool IsArray(std::string_view raw) { return !raw.empty() && raw.front() == '['; }
inline bool IsString(std::string_view raw) { return !raw.empty() && raw.front() == '"'; }

// A raw integer; nullopt when it is not one or does not fit.
std::optional<std::int64_t> Integer(std::string_view raw);

}  // namespace mcp
