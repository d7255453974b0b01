#include "mcp/sse.h"

#include <bit>
#include <charconv>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace mcp {
namespace {

// Where the first CR or LF lies, or the length. One pass for both: a search for one and then the
// other would cost a pass over the whole chunk for each line of a stream that only uses the other.
std::size_t FindLineEnd(std::string_view text) {
  std::size_t at = 0;
#ifdef __SSE2__
  const __m128i carriage_return = _mm_set1_epi8('\r');
  const __m128i line_feed = _mm_set1_epi8('\n');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i found =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, carriage_return), _mm_cmpeq_epi8(bytes, line_feed));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask) return at + std::countr_zero(mask);
  }
#endif
  while (at < text.size() && text[at] != '\r' && text[at] != '\n') ++at;
  return at;
}

base::Error TooLong(std::size_t limit) {
  return base::Fail(base::Code::kResourceExhausted,
                    "an event is longer than " + std::to_string(limit) + " bytes");
}

}  // namespace

void SseParser::ClearEvent() {
  delivered_ = false;
  single_line_ = {};
  data_.clear();
  data_is_single_ = has_data_ = has_id_ = false;
  type_.clear();
  id_.clear();
  retry_ms_.reset();
}

std::optional<std::string_view> SseParser::TakeLine() {
  if (line_is_partial_) {
    line_is_partial_ = false;
    partial_line_.clear();
  }
  if (skip_line_feed_ && !rest_.empty()) {
    skip_line_feed_ = false;
    if (rest_.front() == '\n') rest_.remove_prefix(1);
  }
  const std::size_t end = FindLineEnd(rest_);
  if (end == rest_.size()) {
    partial_line_ += rest_;
    rest_ = {};
    return std::nullopt;
  }
  std::string_view line = rest_.substr(0, end);
  skip_line_feed_ = rest_[end] == '\r';
  rest_.remove_prefix(end + 1);
  if (!partial_line_.empty()) {
    partial_line_ += line;
    line = partial_line_;
    line_is_partial_ = true;
  }
  if (at_start_) {
    at_start_ = false;
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  }
  return line;
}

void SseParser::TakeField(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (!has_data_ && !line_is_partial_) {
      single_line_ = value;
      data_is_single_ = true;
    } else {
      KeepData();
      if (has_data_) data_ += '\n';
      data_ += value;
    }
    has_data_ = true;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) {
      id_ = value;
      has_id_ = true;
    }
  } else if (name == "retry") {
    std::uint32_t retry_ms = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), retry_ms);
    if (error == std::errc() && end == value.data() + value.size() && !value.empty())
      retry_ms_ = retry_ms;
  }
}

// Copies what is only a view into the chunk.
void SseParser::KeepData() {
  if (!data_is_single_) return;
  data_ = single_line_;
  data_is_single_ = false;
}

base::Result<std::optional<SseEvent>> SseParser::Next() {
  if (delivered_) ClearEvent();
  for (;;) {
    const std::optional<std::string_view> line = TakeLine();
    const std::size_t gathered =
        data_.size() + single_line_.size() + (line ? line->size() : partial_line_.size());
    if (gathered > max_event_bytes_) return TooLong(max_event_bytes_);
    if (!line) {
      KeepData();  // the chunk is about to go
      single_line_ = {};
      return std::nullopt;
    }
    if (!line->empty()) {
      if (line->front() != ':') TakeField(*line);
      continue;
    }
    if (!has_data_ && !has_id_ && !retry_ms_) {
      ClearEvent();
      continue;
    }
    SseEvent event;
    event.data = data_is_single_ ? single_line_ : std::string_view(data_);
    event.type = type_;
    event.id = id_;
    event.has_id = has_id_;
    event.retry_ms = retry_ms_;
    delivered_ = true;
    return event;
  }
}

void AppendEvent(std::string& out, std::string_view message, std::string_view id) {
  out += "event: message\n";
  if (!id.empty()) {
    out += "id: ";
    out += id;
    out += '\n';
  }
  do {
    const std::size_t end = FindLineEnd(message);
    out += "data: ";
    out += message.substr(0, end);
    out += '\n';
    const bool pair = end + 1 < message.size() && message[end] == '\r' && message[end + 1] == '\n';
    message.remove_prefix(std::min(message.size(), end + (pair ? 2 : 1)));
  } while (!message.empty());
  out += '\n';
}

}  // namespace mcp
