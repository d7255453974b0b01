// A CountingClient counts the bytes of what passes between a call and its caller, for quotas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/call.h"

namespace gateway {

class CountingClient final : public mcp::Client {
 public:
  explicit CountingClient(mcp::Client& caller) : caller_(caller) {}

  std::int64_t bytes() const { return bytes_; }

  base::Task<base::Result<void>> Notify(std::string_view message) override {
    bytes_ += static_cast<std::int64_t>(message.size());
    return caller_.Notify(message);
  }
  base::Task<base::Result<void>> Relay(mcp::Source& source) override;
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override;
  base::Task<base::Result<void>> BreakOff() override { return caller_.BreakOff(); }

 private:
  class CountedSource;

  mcp::Client& caller_;
  std::int64_t bytes_ = 0;
};

}  // namespace gateway
