#include "mcp/collector.h"

#include "mcp/sse.h"

namespace mcp {

base::Task<base::Result<void>> Collector::Notify(std::string_view) {
  co_return base::Result<void>();
}

base::Task<base::Result<void>> Collector::Relay(Source& source) {
  const bool events = source.form() == Source::Form::kEventStream;
  SseParser parser(max_bytes_);
  for (;;) {
    const base::Result<std::string_view> piece = co_await source.Next();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return base::Result<void>();
    if (!events) {
      if (message_.size() + piece->size() > max_bytes_) {
        co_return base::Fail(base::Code::kResourceExhausted,
                             "the answer is longer than " + std::to_string(max_bytes_) + " bytes");
      }
      message_ += *piece;
      continue;
    }
    parser.Feed(*piece);
    for (;;) {
      const auto event = parser.Next();
      if (!event) co_return event.error();
      if (!*event) break;
      if (!(*event)->data.empty()) message_ = (*event)->data;
    }
  }
}

std::string Collector::Take(Response response) {
  return response.kind == Response::Kind::kRelayed ? std::move(message_) : std::move(response.body);
}

}  // namespace mcp
