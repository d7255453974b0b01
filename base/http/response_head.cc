#include "base/http/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace base::http {
namespace {

// No control character but the tab. Eight bytes at a time: heads are made for each message.
bool IsClean(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const auto is_dirty = [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; };
  // A tab looks dirty here.
  const auto may_be_dirty = [](const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    const std::uint64_t below_space = (word - kOnes * 0x20) & ~word;
    const std::uint64_t deletes = word ^ (kOnes * 0x7f);
    const std::uint64_t is_delete = (deletes - kOnes) & ~deletes;
    return ((below_space | is_delete) & kHighs) != 0;
  };
  bool look_closer = text.size() < 8;
  if (!look_closer) {
    std::size_t at = 0;
    for (; at + 8 < text.size(); at += 8) look_closer |= may_be_dirty(text.data() + at);
    look_closer |= may_be_dirty(text.data() + text.size() - 8);
  }
  return !look_closer || std::none_of(text.begin(), text.end(), is_dirty);
}

bool FramesTheMessage(std::string_view name) {
  switch (name.size()) {
    case 4: return EqualsIgnoreCase(name, "date");
    case 10: return EqualsIgnoreCase(name, "connection");
    case 14: return EqualsIgnoreCase(name, "content-length");
    case 17: return EqualsIgnoreCase(name, "transfer-encoding");
  }
  return false;
}

void AppendNumber(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void AppendField(std::string& head, std::string_view name, std::string_view value) {
  if (name.empty() || !IsClean(name) || !IsClean(value)) return;
  const std::size_t before = head.size();
  head.resize(before + name.size() + value.size() + 4);
  char* out = std::copy(name.begin(), name.end(), head.data() + before);
  *out++ = ':';
  *out++ = ' ';
  out = std::copy(value.begin(), value.end(), out);
  *out++ = '\r';
  *out = '\n';
}

std::string_view ResponseHeads::Render(int status, std::span<const Field> fields,
                                       const ResponseFraming& framing) {
  text_.assign("HTTP/1.1 ");
  AppendNumber(text_, static_cast<std::uint64_t>(status));
  text_.append(" ").append(ReasonPhrase(status)).append("\r\nDate: ").append(Date()).append("\r\n");
  if (framing.length) {
    text_.append("Content-Length: ");
    AppendNumber(text_, *framing.length);
    text_.append("\r\n");
  }
  if (framing.chunked) text_.append("Transfer-Encoding: chunked\r\n");
  if (!framing.keep_alive) {
    text_.append("Connection: close\r\n");
  } else if (!framing.http_11) {
    text_.append("Connection: keep-alive\r\n");
  }
  for (const Field& field : fields) {
    if (!FramesTheMessage(field.name)) AppendField(text_, field.name, field.value);
  }
  text_.append("\r\n");
  return text_;
}

std::string_view ResponseHeads::Date() {
  const std::time_t now = std::time(nullptr);
  if (now != second_) {
    second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> text;
    // The C locale's names: the process never sets another.
    date_.assign(text.data(),
                 std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }
  return date_;
}

}  // namespace base::http
