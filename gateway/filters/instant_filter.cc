#include "gateway/filters/instant_filter.h"

namespace gateway {

base::Task<mcp::Response> InstantFilter::Apply(mcp::Call& call, mcp::Handler& next) const {
  if (std::optional<mcp::Response> refusal = Before(call)) co_return std::move(*refusal);
  mcp::Response response = co_await next.Handle(call);
  After(call, response);
  co_return response;
}

}  // namespace gateway
