#include "base/http/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace base::http {
namespace {

bool IsClean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

bool FramesTheMessage(std::string_view name) {
  switch (name.size()) {
    case 4:
      return EqualsIgnoreCase(name, "date");
    case 10:
      return EqualsIgnoreCase(name, "connection");
    case 14:
      return EqualsIgnoreCase(name, "content-length");
    case 17:
      return EqualsIgnoreCase(name, "transfer-encoding");
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
  head.append(name).append(": ").append(value).append("\r\n");
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
