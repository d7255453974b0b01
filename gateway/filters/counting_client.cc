#include "gateway/filters/counting_client.h"

namespace gateway {

class CountingClient::CountedSource final : public mcp::Source {
 public:
  CountedSource(mcp::Source& source, std::int64_t& bytes) : source_(source), bytes_(bytes) {}

  Form form() const override { return source_.form(); }
  std::uint64_t length() const override { return source_.length(); }
  bool complete() const override { return source_.complete(); }
  base::Task<base::Result<std::string_view>> Next() override {
    base::Result<std::string_view> piece = co_await source_.Next();
    if (piece) bytes_ += static_cast<std::int64_t>(piece->size());
    co_return piece;
  }

 private:
  mcp::Source& source_;
  std::int64_t& bytes_;
};

base::Task<base::Result<void>> CountingClient::Relay(mcp::Source& source) {
  CountedSource counted(source, bytes_);
  co_return co_await caller_.Relay(counted);
}

base::Task<base::Result<std::string>> CountingClient::Ask(std::string_view request,
                                                          base::CancelSignal& cancel) {
  bytes_ += static_cast<std::int64_t>(request.size());
  base::Result<std::string> answer = co_await caller_.Ask(request, cancel);
  if (answer) bytes_ += static_cast<std::int64_t>(answer->size());
  co_return answer;
}

}  // namespace gateway
