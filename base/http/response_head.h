// Renders the heads of responses into one reused buffer, with the Date of this second.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/http/message.h"

namespace base::http {

struct ResponseFraming {
  std::optional<std::uint64_t> length;
  bool chunked = false;
  bool http_11 = true;
  bool keep_alive = true;
};

class ResponseHeads {
 public:
  // Valid until the next call. Fields that frame the message are ours: those of `fields` are left
  // out, and so are any that could break the head open (a line's end in a name or value).
  std::string_view Render(int status, std::span<const Field> fields,
                          const ResponseFraming& framing);

 private:
  std::string_view Date();

  std::string text_;
  std::time_t second_ = 0;
  std::string date_;
};

// Adds `name: value\r\n`, unless a character in it has no place in a head.
void AppendField(std::string& head, std::string_view name, std::string_view value);

}  // namespace base::http
