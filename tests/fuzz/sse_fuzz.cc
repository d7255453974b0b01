// Events and lines: any split of a stream gives the same, and what we write is what is read.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/sse.h"
#include "mcp/stdio.h"

namespace {

constexpr std::size_t kLimit = 1000;

// Feeds `stream` in pieces of `step` bytes (0: whole), each in memory of its own.
template <class Reader, class Take>
std::string Read(std::string_view stream, std::size_t step, Take take) {
  Reader reader(kLimit);
  std::string out;
  if (step == 0) step = stream.size() + 1;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    const std::string_view piece = stream.substr(at, step);
    const std::vector<char> copy(piece.begin(), piece.end());
    reader.Feed({copy.data(), copy.size()});
    for (;;) {
      const auto next = reader.Next();
      if (!next) return out + "TOO LONG";
      if (!*next) break;
      out += take(**next) + "\x1f";
    }
  }
  return out;
}

std::string Event(const mcp::SseEvent& event) {
  return std::string(event.type) + "|" + std::string(event.data) + "|" + std::string(event.id) +
         (event.has_id ? "i" : "") + (event.retry_ms ? std::to_string(*event.retry_ms) : "");
}
std::string Line(std::string_view line) { return std::string(line); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const std::string events = Read<mcp::SseParser>(stream, 0, Event);
  const std::string lines = Read<mcp::LineReader>(stream, 0, Line);
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, size / 2 + 1}) {
    if (Read<mcp::SseParser>(stream, step, Event) != events) std::abort();
    if (Read<mcp::LineReader>(stream, step, Line) != lines) std::abort();
  }
  if (size > kLimit / 2) return 0;
  std::string written;
  mcp::AppendEvent(written, stream);
  mcp::SseParser parser;
  parser.Feed(written);
  const auto event = parser.Next();
  if (!event || !*event || (*event)->type != "message") std::abort();
  return 0;
}
