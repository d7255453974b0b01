#include "gateway/backends/log_lines.h"

#include <algorithm>

#include "base/log.h"

namespace gateway {
namespace {

constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxRemembered = 200;

// Control characters could forge lines of our log.
std::string Printable(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return out;
}

}  // namespace

void LogLines::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (partial_.size() < kMaxLine) partial_ += piece.substr(0, kMaxLine - partial_.size());
    if (end == bytes.npos) return;
    bytes.remove_prefix(end + 1);
    Line(partial_);
    partial_.clear();
  }
}

void LogLines::Line(std::string_view line) {
  const std::string text = Printable(line);
  if (text.find_first_not_of(' ') == text.npos) return;
  last_line_ = text.substr(0, kMaxRemembered);
  if (!allowance_.Take(1)) {
    ++dropped_;
    return;
  }
  if (const std::uint64_t dropped = std::exchange(dropped_, 0)) {
    spdlog::info("{}: {} lines left out", server_, dropped);
  }
  spdlog::info("{}: {}", server_, text);
}

}  // namespace gateway
