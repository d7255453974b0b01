// LogLines passes on what a program prints on stderr, a bounded number of lines a second, and
// remembers the last one for error messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/backends/allowance.h"

namespace gateway {

class LogLines {
 public:
  explicit LogLines(std::string server) : server_(std::move(server)) {}

  void Feed(std::string_view bytes);
  // At most 200 bytes; empty when there was none.
  const std::string& last_line() const { return last_line_; }

 private:
  void Line(std::string_view line);

  const std::string server_;
  std::string partial_;
  std::string last_line_;
  Allowance allowance_{50, 10};
  std::uint64_t dropped_ = 0;
};

}  // namespace gateway
