#include "mcp/collector.h"

#include "mcp/read_relayed.h"

namespace mcp {

base::Task<base::Result<void>> Collector::Notify(std::string_view) {
  co_return base::Result<void>();
}

base::Task<base::Result<void>> Collector::Relay(Source& source) {
  base::Result<std::string> answer = co_await ReadRelayed(source, *this, max_bytes_);
  if (!answer) co_return answer.error();
  message_ = *std::move(answer);
  co_return base::Result<void>();
}

std::string Collector::Take(Response response) {
  return response.kind == Response::Kind::kRelayed ? std::move(message_) : std::move(response.body);
}

}  // namespace mcp
