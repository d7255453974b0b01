// An InstantFilter decides at once, without waiting for anything: before the call goes on, and when
// its answer is there.
#pragma once

#include <optional>

#include "gateway/filters/filter.h"

namespace gateway {

class InstantFilter : public Filter {
 public:
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const final;

 protected:
  // A refusal, or nothing: the call goes on.
  virtual std::optional<mcp::Response> Before(mcp::Call& call) const = 0;
  virtual void After(mcp::Call&, mcp::Response&) const {}
};

}  // namespace gateway
