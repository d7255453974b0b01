// Heads: views stay inside the bytes, and a longer input never changes a head that was complete.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/http/head_parser.h"

namespace {

using base::http::Framing;
using base::http::RequestHead;
using base::http::ResponseHead;

void Inside(std::string_view whole, std::string_view part) {
  if (part.empty()) return;
  if (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size())
    std::abort();
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
  return 0;
}
