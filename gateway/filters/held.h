// A Held filter refuses calls of definitions that changed, or are new, until somebody has reviewed
// them (-31409). What a server offers by now is not what was accepted, so lists may show the old
// definition (routing/definitions) but nothing behind the new one may run.
//
// It tests tools/call and prompts/get: resource templates and instructions are held by the lists
// alone.
#pragma once

#include <memory>
#include <string>

#include "gateway/filters/instant_filter.h"
#include "gateway/filters/offered_items.h"
#include "gateway/filters/refusal.h"

namespace gateway {

class Held final : public InstantFilter {
 public:
  // What names outside of `items` become. Where changes are held, a tool that nobody has seen is
  // not called.
  enum class Unlisted { kForward, kRefuse };

  Held(std::shared_ptr<const OfferedItems> items, Unlisted unlisted, std::string server,
       RefusalStyle style)
      : items_(std::move(items)), unlisted_(unlisted), server_(std::move(server)), style_(style) {}

  bool empty() const {
    return !items_ || (items_->all_served() && unlisted_ == Unlisted::kForward);
  }

 private:
  std::optional<mcp::Response> Before(mcp::Call& call) const override;
  mcp::Response RefuseHeld(mcp::Call& call, OfferedItems::State state) const;

  // Constant after construction
  const std::shared_ptr<const OfferedItems> items_;
  const Unlisted unlisted_;
  const std::string server_;
  const RefusalStyle style_;
};

}  // namespace gateway
