// The small words of HTTP/1.1 that server and client share (RFC 9110, RFC 9112).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace base::http {

// A header line. Views: whoever makes one keeps the characters.
struct Field {
  std::string_view name;
  std::string_view value;
};

// Equal by ASCII, letters in either case.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// The fields of a received head, in order; views into the connection's read buffer.
class Fields {
 public:
  void Clear() { fields_.clear(); }
  void Add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
  // The first field of that name, in either case; empty optional when there is none.
  std::optional<std::string_view> Find(std::string_view name) const;
  std::size_t Count(std::string_view name) const;
  std::span<const Field> all() const { return fields_; }

 private:
  std::vector<Field> fields_;  // keeps its capacity from request to request
};

struct RequestHead {
  std::string_view method;
  // As sent: path and query.
  std::string_view target;
  // Not decoded.
  std::string_view path;
  // Behind the `?`, without it.
  std::string_view query;
  Fields fields;
  bool keep_alive = true;
};

struct ResponseHead {
  int status = 0;
  Fields fields;
  // Of a body with Content-Length.
  std::optional<std::uint64_t> content_length;
};

// `OK`, `Not Found`, ...
std::string_view ReasonPhrase(int status);

}  // namespace base::http
