// An Approval filter holds the calls of a server that is not approved. Only such servers have one
// in their chain: its lists are empty and what it says of itself is answered (routing/definitions),
// everything else gets -31409.
#pragma once

#include <string>

#include "gateway/filters/instant_filter.h"
#include "gateway/filters/refusal.h"

namespace gateway {

class Approval final : public InstantFilter {
 public:
  Approval(std::string server, RefusalStyle style) : server_(std::move(server)), style_(style) {}

 private:
  std::optional<mcp::Response> Before(mcp::Call& call) const override;

  // Constant after construction
  const std::string server_;
  const RefusalStyle style_;
};

}  // namespace gateway
