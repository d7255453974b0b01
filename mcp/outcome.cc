#include "mcp/outcome.h"

#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/sse.h"

namespace mcp {
namespace {

constexpr std::size_t kSmall = 4096;

// In JSON text an unescaped quote before the name makes it a key for sure; of which object stays a
// guess.
bool EndsWithToolError(std::string_view tail) {
  constexpr std::size_t kLook = 512;
  constexpr std::string_view kKey = "\"isError\"";
  if (tail.size() > kLook) tail.remove_prefix(tail.size() - kLook);
  // Forward, since that goes by memchr: the last bytes of a long text hold few quotes.
  std::size_t at = std::string_view::npos;
  for (std::size_t next = tail.find(kKey); next != std::string_view::npos;
       next = tail.find(kKey, next + kKey.size()))
    at = next;
  if (at == std::string_view::npos || (at > 0 && tail[at - 1] == '\\')) return false;
  at = tail.find_first_not_of(": \n\r\t", at + kKey.size());
  return at != std::string_view::npos && tail.substr(at).starts_with("true");
}

// Whether a key `error` or `isError` can be in it: both end alike, no other word of an answer has
// that end before a quote, and letters may be spelt as \u escapes. False is what most answers say,
// and they need not be read.
bool MayTellOfError(std::string_view text) {
  constexpr std::string_view kEnd = "rror\"";
  constexpr std::string_view kEscape = "\\u";
  std::size_t at = 0;
#ifdef __SSE2__
  // Two of the letter side by side are rare, and so are these escapes.
  const auto bytes_at = [&](std::size_t offset) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + offset));
  };
  for (; at + 17 <= text.size(); at += 16) {
    const __m128i first = bytes_at(at);
    const __m128i second = bytes_at(at + 1);
    const auto pair = [&](char a, char b) {
      return _mm_and_si128(_mm_cmpeq_epi8(first, _mm_set1_epi8(a)),
                           _mm_cmpeq_epi8(second, _mm_set1_epi8(b)));
    };
    if (_mm_movemask_epi8(_mm_or_si128(pair('r', 'r'), pair('\\', 'u'))) != 0) break;
  }
#endif
  return text.find(kEnd, at) != std::string_view::npos ||
         text.find(kEscape, at) != std::string_view::npos;
}

AnswerOutcome OfEnvelope(std::string_view bytes, const Envelope& envelope) {
  if (envelope.kind == Envelope::Kind::kError) {
    return {Outcome::kRpcError,
            static_cast<int>(Integer(envelope.error_code.of(bytes)).value_or(0))};
  }
  if (envelope.is_error.of(bytes) == "true") return {Outcome::kToolError, 0};
  return {Outcome::kOk, 0};
}

// Where the last event of a stream begins: behind an empty line. Events whose lines end in a bare CR
// are not told apart.
std::size_t LastEventOf(std::string_view stream) {
  std::size_t end = stream.find_last_not_of("\r\n") + 1;
  while (const void* found = ::memrchr(stream.data(), '\n', end)) {
    end = static_cast<std::size_t>(static_cast<const char*>(found) - stream.data());
    const std::string_view before = stream.substr(0, end);
    if (before.ends_with('\n') || before.ends_with("\n\r")) return end + 1;
  }
  return 0;
}

}  // namespace

AnswerOutcome OutcomeOf(std::string_view message) {
  if (message.size() > kSmall) {
    // An error is small but for its data: its members stand in front.
    constexpr std::string_view kError = "\"error\"";
    const std::size_t error = message.substr(0, 128).find(kError);
    const std::size_t result = message.substr(0, 128).find("\"result\"");
    if (error < result) {
      const std::string_view raw = Member(message, "error");
      if (IsObject(raw))
        return {Outcome::kRpcError, static_cast<int>(Integer(Member(raw, "code")).value_or(0))};
    }
    return {EndsWithToolError(message) ? Outcome::kToolError : Outcome::kOk, 0};
  }
  // A message is an object, from the first byte to the last.
  if (message.starts_with('{') && message.ends_with('}') && !MayTellOfError(message))
    return {Outcome::kOk, 0};
  const base::Result<Envelope> envelope = Scan(message);
  if (!envelope) return {Outcome::kUpstreamFailed, 0};
  return OfEnvelope(message, *envelope);
}

void OutcomeWatch::Feed(std::string_view piece) {
  if (tail_.size() + piece.size() <= 2 * kKept) {
    tail_ += piece;
    return;
  }
  whole_ = false;
  if (piece.size() < kKept) {
    tail_.erase(0, tail_.size() - std::min(tail_.size(), kKept - piece.size()));
    tail_ += piece;
  } else {
    tail_ = piece.substr(piece.size() - kKept);
  }
}

bool OutcomeWatch::at_event_boundary() const {
  return tail_.empty() || tail_.ends_with("\n\n") || tail_.ends_with("\r\n\r\n") ||
         tail_.ends_with("\r\r");
}

// From the end: the answer is the last event, and what went before it need not be read.
OutcomeWatch::Tail OutcomeWatch::ReadTail() const {
  Tail out;
  for (std::string_view left = tail_; !left.empty() && !out.has_answer;) {
    const std::size_t begin = LastEventOf(left);
    SseParser parser;
    parser.Feed(left.substr(begin));
    left = left.substr(0, begin);
    for (;;) {
      const auto event = parser.Next();
      if (!event || !*event) break;
      const base::Result<Envelope> envelope = Scan((*event)->data);
      if (!envelope) continue;
      out.has_event = true;
      if (envelope->kind == Envelope::Kind::kRequest ||
          envelope->kind == Envelope::Kind::kNotification)
        continue;
      out.has_answer = true;
      out.last = OfEnvelope((*event)->data, *envelope);
    }
  }
  return out;
}

AnswerOutcome OutcomeWatch::Finish() const {
  if (whole_ && tail_.starts_with('{')) return OutcomeOf(tail_);
  const Tail tail = ReadTail();
  if (tail.has_answer) return tail.last;
  return {EndsWithToolError(tail_) ? Outcome::kToolError : Outcome::kOk, 0};
}

bool OutcomeWatch::has_answer() const {
  const Tail tail = ReadTail();
  // An answer so long that its beginning is not kept leaves no whole event here.
  return tail.has_answer || (!whole_ && !tail.has_event && at_event_boundary());
}

}  // namespace mcp
