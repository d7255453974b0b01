// Chunks: any split of a body gives the same payload and the same end, payload lies within what was
// taken, nothing is taken behind the end, and the payload in chunks of our own reads the same again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/http/chunk_decoder.h"

namespace {

using base::http::ChunkDecoder;

struct Read {
  std::string payload;
  std::size_t consumed = 0;
  bool done = false;
  bool broken = false;
  bool operator==(const Read&) const = default;
};

// `body`, offered in pieces of `step`.
Read InPieces(std::string_view body, std::size_t step) {
  ChunkDecoder decoder;
  Read read;
  while (read.consumed < body.size() && !read.done && !read.broken) {
    std::string piece(body.substr(read.consumed, step));
    const ChunkDecoder::Outcome outcome = decoder.Decode(piece.data(), piece.size());
    if (outcome.consumed > piece.size() || outcome.payload.size() > outcome.consumed) std::abort();
    if (!outcome.payload.empty() &&
        (outcome.payload.data() < piece.data() ||
         outcome.payload.data() + outcome.payload.size() > piece.data() + outcome.consumed)) {
      std::abort();
    }
    const bool all = outcome.consumed == piece.size();
    if (!all && !outcome.done && !outcome.broken) std::abort();
    read.payload += outcome.payload;
    read.consumed += outcome.consumed;
    read.done = outcome.done;
    read.broken = outcome.broken;
  }
  return read;
}

std::string Chunked(std::string_view payload) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (; !payload.empty(); payload.remove_prefix(std::min<std::size_t>(payload.size(), 15))) {
    const std::string_view piece = payload.substr(0, 15);
    out += kDigits[piece.size()];
    (out += "\r\n") += piece;
    out += "\r\n";
  }
  return out + "0\r\n\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const Read whole = InPieces(body, size + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{17}}) {
    if (InPieces(body, step) != whole) std::abort();
  }
  const std::string again = Chunked(whole.payload);
  const Read reread = InPieces(again + "GET", again.size() + 3);
  if (!reread.done || reread.payload != whole.payload || reread.consumed != again.size())
    std::abort();
  return 0;
}
