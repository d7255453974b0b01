// A Collector is a Client that keeps the answer instead of sending it anywhere: for calls that we
// make ourselves.
#pragma once

#include <cstddef>
#include <string>

#include "mcp/call.h"

namespace mcp {

class Collector final : public Client {
 public:
  explicit Collector(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Dropped: nobody listens.
  base::Task<base::Result<void>> Notify(std::string_view message) override;
  // Keeps the answer. kResourceExhausted when it is too long.
  base::Task<base::Result<void>> Relay(Source& source) override;

  // What `response` says: its body, or what was relayed.
  std::string Take(Response response);

 private:
  const std::size_t max_bytes_;
  std::string message_;
};

}  // namespace mcp
