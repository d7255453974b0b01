#include "gateway/filters/approval.h"

namespace gateway {

std::optional<mcp::Response> Approval::Before(mcp::Call& call) const {
  if (IsLifecycle(call) || call.method.ends_with("/list")) return std::nullopt;
  mcp::CallError error;
  error.code = mcp::kHeld;
  if (state_ == portolan::v1::Approval::REJECTED) {
    error.message = "Server '" + server_ + "' was rejected by its approver.";
    error.reason = "ApprovalRejected";
  } else {
    error.message = "Server '" + server_ +
                    "' waits for approval. An approver lets it be served with: portolan approve " +
                    server_;
    error.reason = "ApprovalPending";
  }
  return Refuse(call, std::move(error), 409, style_, nullptr);
}

}  // namespace gateway
