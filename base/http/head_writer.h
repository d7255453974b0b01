// Writes the heads of messages: each into memory that is used again, so that a head costs a copy of
// its bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/http/message.h"

namespace base::http {

class HeadWriter {
 public:
  void Clear() { size_ = 0; }
  // Valid until the next change.
  std::string_view text() const { return {memory_.data(), size_}; }

  HeadWriter& Add(std::string_view text) {
    std::copy(text.begin(), text.end(), Take(text.size()));
    return *this;
  }
  HeadWriter& AddNumber(std::uint64_t number);
  // `name: value\r\n`, unless a character in it has no place in a head (a line's end in a name or
  // value could break the head open).
  void AddField(std::string_view name, std::string_view value);

 private:
  // Room for so many bytes behind the text, which they become part of.
  char* Take(std::size_t bytes) {
    if (memory_.size() - size_ < bytes) Grow(bytes);
    char* const room = memory_.data() + size_;
    size_ += bytes;
    return room;
  }

  void Grow(std::size_t bytes);

  std::string memory_;  // its size is what was reserved
  std::size_t size_ = 0;
};

struct ResponseFraming {
  std::optional<std::uint64_t> length;
  bool chunked = false;
  bool http_11 = true;
  bool keep_alive = true;
};

class ResponseHeads {
 public:
  // Valid until the next call. Fields that frame the message are ours: those of `fields` are left
  // out, and so are any that could break the head open. With the Date of this second.
  std::string_view Render(int status, std::span<const Field> fields,
                          const ResponseFraming& framing);

 private:
  std::string_view Date();

  HeadWriter head_;
  std::time_t second_ = 0;
  std::string date_;
};

}  // namespace base::http
