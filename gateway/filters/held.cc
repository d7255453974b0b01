#include "gateway/filters/held.h"

namespace gateway {
namespace {

std::string_view NounOf(const mcp::Call& call) {
  return call.method == "tools/call" ? "Tool" : "Prompt";
}

// The end of a long name says little.
std::string Named(const mcp::Call& call) {
  return "'" + std::string(call.item.substr(0, 128)) + "'";
}

}  // namespace

std::optional<mcp::Response> Held::Before(mcp::Call& call) const {
  if (call.method != "tools/call" && call.method != "prompts/get") return std::nullopt;
  const OfferedItems::State* state = items_->Find(call.method, call.item);
  if (!state)
    return unlisted_ == Unlisted::kRefuse ? std::optional(RefuseUnknown(call, style_))
                                          : std::nullopt;
  if (*state == OfferedItems::State::kServed) return std::nullopt;
  return RefuseHeld(call, *state);
}

mcp::Response Held::RefuseHeld(mcp::Call& call, OfferedItems::State state) const {
  mcp::CallError error;
  error.code = mcp::kHeld;
  error.message = std::string(NounOf(call)) + " " + Named(call) + " of server '" + server_ + "' ";
  switch (state) {
    case OfferedItems::State::kNew:
      error.message += "is new and waits for a review. An approver sees it with: portolan diff ";
      break;
    case OfferedItems::State::kRejected:
      error.message +=
          "has changed, and the change was rejected. An approver sees it with: portolan diff ";
      break;
    default:
      error.message +=
          "has changed and waits for a review. An approver sees the change with: portolan diff ";
  }
  error.message += server_;
  error.reason = state == OfferedItems::State::kRejected ? "DefinitionRejected" : "DefinitionHeld";
  return Refuse(call, std::move(error), 409, style_, nullptr);
}

}  // namespace gateway
