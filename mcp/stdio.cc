#include "mcp/stdio.h"

#include <algorithm>

namespace mcp {

base::Result<std::optional<std::string_view>> LineReader::Next() {
  if (lent_) {
    lent_ = false;
    partial_.clear();
  }
  for (;;) {
    const std::size_t end = rest_.find('\n');
    if (partial_.size() + std::min(end, rest_.size()) > max_line_bytes_) {
      return base::Fail(base::Code::kResourceExhausted,
                        "a line is longer than " + std::to_string(max_line_bytes_) + " bytes");
    }
    if (end == std::string_view::npos) {
      partial_ += rest_;
      rest_ = {};
      return std::nullopt;
    }
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (!partial_.empty()) {
      partial_ += line;
      line = partial_;
      lent_ = true;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) return line;
    if (lent_) partial_.clear();
    lent_ = false;
  }
}

void AppendLine(std::string& out, std::string_view message) {
  const std::size_t begin = out.size();
  out += message;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out += '\n';
}

}  // namespace mcp
