// An Approval filter holds the calls of a server that is not approved. Only such servers have one
// in their chain: its lists are empty and what it says of itself is answered (routing/definitions),
// everything else gets -31409.
#pragma once

#include <string>

#include "gateway/filters/instant_filter.h"
#include "gateway/filters/refusal.h"
#include "portolan/v1/server.pb.h"

namespace gateway {

class Approval final : public InstantFilter {
 public:
  Approval(std::string server, portolan::v1::Approval::State state, RefusalStyle style)
      : server_(std::move(server)), state_(state), style_(style) {}

 private:
  std::optional<mcp::Response> Before(mcp::Call& call) const override;

  // Constant after construction
  const std::string server_;
  const portolan::v1::Approval::State state_;
  const RefusalStyle style_;
};

}  // namespace gateway
