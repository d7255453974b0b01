// Heads and chunks: views stay inside the bytes, a longer input never changes a head that was
// complete, and any split of a chunked body gives the same payload.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/head_parser.h"

namespace {

using base::http::ChunkDecoder;
using base::http::Framing;
using base::http::RequestHead;
using base::http::ResponseHead;

void Inside(std::string_view whole, std::string_view part) {
  if (part.empty()) return;
  if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size())
    std::abort();
}

// What a decoder says of `body` offered in pieces of `step`; `?` marks a broken one.
std::string Decode(std::string_view body, std::size_t step) {
  ChunkDecoder decoder;
  std::string payload;
  std::vector<char> waiting;
  for (std::size_t at = 0; at <= body.size(); at += step) {
    const std::string_view piece = body.substr(at, step);
    waiting.insert(waiting.end(), piece.begin(), piece.end());
    std::vector<char> bytes = waiting;
    const ChunkDecoder::Outcome outcome = decoder.Decode(bytes.data(), bytes.size());
    if (outcome.consumed > bytes.size() || outcome.payload > outcome.consumed) std::abort();
    payload.append(bytes.data(), outcome.payload);
    if (outcome.broken) return "?";
    if (outcome.done) return payload + "!";
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(outcome.consumed));
  }
  return payload;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  RequestHead request;
  Framing framing;
  const auto outcome = base::http::ParseRequestHead(bytes, request, framing);
  if (outcome.bytes > size) std::abort();
  if (outcome.bytes > 0 && outcome.refused == 0) {
    Inside(bytes, request.method);
    Inside(bytes, request.target);
    for (const base::http::Field& field : request.fields.all()) {
      Inside(bytes, field.name);
      Inside(bytes, field.value);
      if (field.value.find_first_of("\r\n") != field.value.npos) std::abort();
    }
    // The head alone reads the same as with what follows it.
    RequestHead alone;
    Framing alone_framing;
    const auto again =
        base::http::ParseRequestHead(bytes.substr(0, outcome.bytes), alone, alone_framing);
    if (again.bytes != outcome.bytes || again.refused != 0 ||
        alone_framing.length != framing.length || alone_framing.body != framing.body) {
      std::abort();
    }
  }
  ResponseHead response;
  base::http::ParseResponseHead(bytes, false, response, framing);

  const std::string whole = Decode(bytes, size + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}}) {
    if (size < 512 && Decode(bytes, step) != whole) std::abort();
  }
  return 0;
}
