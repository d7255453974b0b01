#include "mcp/read_relayed.h"

#include <utility>

#include "mcp/message.h"

namespace mcp {
namespace {

bool IsNotification(std::string_view message) {
  const auto envelope = Scan(message);
  return envelope && envelope->kind == Envelope::Kind::kNotification;
}

}  // namespace

base::Task<base::Result<std::string>> ReadRelayed(Source& source, Client& client,
                                                  std::size_t max_bytes) {
  const bool events = source.form() == Source::Form::kEventStream;
  SseParser parser(max_bytes);
  std::string answer;
  for (;;) {
    const base::Result<std::string_view> piece = co_await source.Next();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return std::move(answer);
    if (!events) {
      if (answer.size() + piece->size() > max_bytes) {
        co_return base::Fail(base::Code::kResourceExhausted,
                             "the answer is longer than " + std::to_string(max_bytes) + " bytes");
      }
      answer += *piece;
      continue;
    }
    parser.Feed(*piece);
    for (;;) {
      const auto event = parser.Next();
      if (!event) co_return event.error();
      if (!*event) break;
      const std::string_view data = (*event)->data;
      if (data.empty()) continue;
      if (!IsNotification(data)) {
        answer = data;
        continue;
      }
      const base::Result<void> heard = co_await client.Notify(data);
      if (!heard) co_return heard.error();
    }
  }
}

}  // namespace mcp
