#include "base/http/head_parser.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/http/characters.h"

namespace base::http {
namespace {

// Every search of a head looks at each field.
constexpr std::size_t kMaxFields = 256;

// The first control character in [at, end) that is no tab.
const char* SkipText(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i highest_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, highest_control), bytes);
    const __m128i found =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low), _mm_cmpeq_epi8(bytes, del));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at != end && !IsControl(*at)) ++at;
  return at;
}

// The first character in [at, end) that is no token's. Names are nearly all letters and dashes.
const char* SkipToken(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i to_lower = _mm_set1_epi8(0x20);
  const __m128i dash = _mm_set1_epi8('-');
  const __m128i above_z = _mm_set1_epi8(0x7f - 'z');
  const __m128i below_a = _mm_set1_epi8(0x7f - 26);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // Signed: shifted so that the letters are the highest.
    const __m128i shifted = _mm_add_epi8(_mm_or_si128(bytes, to_lower), above_z);
    const __m128i found =
        _mm_or_si128(_mm_cmpgt_epi8(shifted, below_a), _mm_cmpeq_epi8(bytes, dash));
    const unsigned others = static_cast<unsigned>(_mm_movemask_epi8(found)) ^ 0xffff;
    if (others != 0) {
      at += std::countr_zero(others);
      break;
    }
  }
#endif
  while (at != end && IsToken(*at)) ++at;
  return at;
}

// All digits, and no more than fit.
std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && IsDigit(text.front()) ? std::optional(number) : std::nullopt;
}

// Reads a head from front to back. Each step says whether it found what it wanted; when not,
// `refused` is the status to answer with, or 0 when the text ended too early.
class HeadReader {
 public:
  HeadReader(std::string_view text, Fields& fields, Framing& framing)
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        fields_(fields),
        framing_(framing) {}

  int refused() const { return refused_; }
  std::size_t consumed() const { return static_cast<std::size_t>(at_ - begin_); }

  // method SP request-target SP HTTP-version CRLF
  bool RequestLine(RequestHead& head) {
    const char* const method = at_;
    while (at_ != end_ && IsToken(*at_)) ++at_;
    head.method = {method, static_cast<std::size_t>(at_ - method)};
    if (!Space(!head.method.empty())) return false;
    const char* const target = at_;
    while (at_ != end_ && static_cast<unsigned char>(*at_) > ' ' && *at_ != 0x7f) ++at_;
    head.target = {target, static_cast<std::size_t>(at_ - target)};
    if (!Space(!head.target.empty())) return false;
    if (!Version() || end_ - at_ < 2 || !LineEnd(505)) return false;
    return SplitTarget(head) || Refuse(400);
  }

  // HTTP-version SP status-code SP [ reason-phrase ] CRLF
  bool StatusLine(ResponseHead& head) {
    if (!Version() || !Space(true)) return false;
    if (end_ - at_ < 4) return false;
    if (!IsDigit(at_[0]) || !IsDigit(at_[1]) || !IsDigit(at_[2]) || at_[3] != ' ')
      return Refuse(400);
    head.status = (at_[0] - '0') * 100 + (at_[1] - '0') * 10 + (at_[2] - '0');
    at_ = SkipText(at_ + 4, end_);
    return LineEnd(400);
  }

  // The fields, to the empty line behind them.
  bool FieldLines() {
    for (;;) {
      if (end_ - at_ < 2) return false;
      if (*at_ == '\r') {
        if (at_[1] != '\n') return Refuse(400);
        at_ += 2;
        return is_chunked_ && !framing_.http_11 ? Refuse(400) : true;
      }
      if (!FieldLine()) return false;
    }
  }

  std::optional<std::uint64_t> length() const { return length_; }
  bool is_chunked() const { return is_chunked_; }
  int hosts() const { return hosts_; }
  bool keeps_alive() const { return framing_.http_11 ? !says_close_ : says_keep_alive_; }

 private:
  bool Refuse(int status) {
    refused_ = status;
    return false;
  }

  bool Space(bool before_is_good) {
    if (at_ == end_) return false;
    if (*at_ != ' ' || !before_is_good) return Refuse(400);
    ++at_;
    return true;
  }

  bool LineEnd(int status) {
    if (at_ == end_) return false;
    if (*at_ != '\r') return Refuse(status);
    if (end_ - at_ < 2) return false;
    if (at_[1] != '\n') return Refuse(status);
    at_ += 2;
    return true;
  }

  bool Version() {
    constexpr std::string_view kName = "HTTP/1.";
    if (end_ - at_ < 8) return false;
    if (std::memcmp(at_, kName.data(), kName.size()) != 0) return Refuse(505);
    if (at_[7] != '0' && at_[7] != '1') return Refuse(505);
    framing_.http_11 = at_[7] == '1';
    at_ += 8;
    return true;
  }

  // field-name ":" OWS field-value OWS CRLF
  bool FieldLine() {
    const char* const name = at_;
    at_ = SkipToken(at_, end_);
    if (at_ == end_) return false;
    if (*at_ != ':' || at_ == name) return Refuse(400);
    const std::string_view name_view(name, static_cast<std::size_t>(at_ - name));
    ++at_;
    while (at_ != end_ && IsSpace(*at_)) ++at_;
    const char* const value = at_;
    at_ = SkipText(at_, end_);
    const char* last = at_;
    if (!LineEnd(400)) return false;
    // A value that goes on in the next line is refused (RFC 9112, section 5.2).
    if (at_ == end_) return false;
    if (IsSpace(*at_)) return Refuse(400);
    while (last != value && IsSpace(last[-1])) --last;
    const std::string_view value_view(value, static_cast<std::size_t>(last - value));
    if (!Understand(name_view, value_view)) return Refuse(400);
    if (fields_.all().size() >= kMaxFields) return Refuse(431);
    fields_.Add(name_view, value_view);
    return true;
  }

  // What frames the message, and what else the connection must know. False: nobody may understand
  // it otherwise.
  bool Understand(std::string_view name, std::string_view value) {
    switch (name.size()) {
      case 4:
        if (EqualsIgnoreCase(name, "host")) ++hosts_;
        return true;
      case 6:
        if (EqualsIgnoreCase(name, "expect") && EqualsIgnoreCase(value, "100-continue"))
          framing_.expects_continue = true;
        return true;
      case 10: return !EqualsIgnoreCase(name, "connection") || ReadConnection(value);
      case 14:
        if (!EqualsIgnoreCase(name, "content-length")) return true;
        if (length_ || is_chunked_) return false;
        length_ = Number(value);
        return length_.has_value();
      case 16: return !EqualsIgnoreCase(name, "proxy-connection") || ReadConnection(value);
      case 17:
        if (!EqualsIgnoreCase(name, "transfer-encoding")) return true;
        if (length_ || is_chunked_ || !EqualsIgnoreCase(value, "chunked")) return false;
        is_chunked_ = true;
        return true;
      default: return true;
    }
  }

  // Tokens with commas between them.
  bool ReadConnection(std::string_view value) {
    bool comma = true;
    while (!value.empty()) {
      if (IsSpace(value.front())) {
        value.remove_prefix(1);
      } else if (value.front() == ',') {
        comma = true;
        value.remove_prefix(1);
      } else {
        std::size_t size = 0;
        while (size < value.size() && IsToken(value[size])) ++size;
        if (size == 0 || !comma) return false;
        comma = false;
        says_close_ = says_close_ || EqualsIgnoreCase(value.substr(0, size), "close");
        says_keep_alive_ =
            says_keep_alive_ || EqualsIgnoreCase(value.substr(0, size), "keep-alive");
        value.remove_prefix(size);
      }
    }
    return true;
  }

  // origin-form, absolute-form (its authority is for proxies), or `*`.
  static bool SplitTarget(RequestHead& head) {
    std::string_view rest = head.target;
    for (const char c : rest) {
      if (c == '#' || static_cast<unsigned char>(c) >= 0x80) return false;
    }
    if (rest != "*" && rest.front() != '/') {
      const std::size_t scheme = rest.find("://");
      if (scheme == std::string_view::npos || scheme == 0) return false;
      rest.remove_prefix(scheme + 3);
      const std::size_t slash = rest.find_first_of("/?");
      if (slash == std::string_view::npos || rest[slash] == '?') return false;
      rest.remove_prefix(slash);
    }
    const std::size_t question = rest.find('?');
    head.path = rest.substr(0, question);
    head.query =
        question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
    return true;
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  Fields& fields_;
  Framing& framing_;
  int refused_ = 0;
  int hosts_ = 0;
  std::optional<std::uint64_t> length_;
  bool is_chunked_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
};

void FrameBody(const HeadReader& reader, Framing::Body without_length, Framing& framing) {
  if (reader.is_chunked()) {
    framing.body = Framing::Body::kChunked;
  } else if (reader.length()) {
    framing.length = *reader.length();
    framing.body = framing.length > 0 ? Framing::Body::kLength : Framing::Body::kNone;
  } else {
    framing.body = without_length;
  }
}

}  // namespace

HeadOutcome ParseRequestHead(std::string_view bytes, RequestHead& head, Framing& framing) {
  head.fields.Clear();
  framing = Framing{};
  HeadReader reader(bytes, head.fields, framing);
  if (!reader.RequestLine(head) || !reader.FieldLines()) return {0, reader.refused()};
  if (reader.hosts() > 1 || (reader.hosts() == 0 && framing.http_11)) return {0, 400};
  FrameBody(reader, Framing::Body::kNone, framing);
  framing.keep_alive = head.keep_alive = reader.keeps_alive();
  return {reader.consumed(), 0};
}

HeadOutcome ParseResponseHead(std::string_view bytes, bool no_body, ResponseHead& head,
                              Framing& framing) {
  head.fields.Clear();
  framing = Framing{};
  HeadReader reader(bytes, head.fields, framing);
  if (!reader.StatusLine(head) || !reader.FieldLines()) return {0, reader.refused() != 0 ? 502 : 0};
  if (!no_body && head.status / 100 != 1 && head.status != 204 && head.status != 304)
    FrameBody(reader, Framing::Body::kUntilEnd, framing);
  framing.keep_alive = reader.keeps_alive() && framing.body != Framing::Body::kUntilEnd;
  head.content_length.reset();
  if (!reader.is_chunked()) head.content_length = reader.length();
  return {reader.consumed(), 0};
}

std::size_t FindHeadEnd(std::string_view bytes, std::size_t from) {
  from = from > 3 ? from - 3 : 0;
  const std::size_t found = bytes.find("\r\n\r\n", from);
  return found == std::string_view::npos ? 0 : found + 4;
}

}  // namespace base::http
