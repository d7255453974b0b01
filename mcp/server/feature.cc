#include "mcp/server/feature.h"

#include <stdexcept>

#include "mcp/revision.h"
#include "mcp/server/served_call.h"

namespace mcp {

void Complete(ObjectWriter& result, const ServedCall& call) {
  if (IsModern(call.call().revision)) result.Text("resultType", "complete");
}

void Complete(ObjectWriter& result, const ServedCall& call, const ListFreshness& freshness) {
  if (!IsModern(call.call().revision)) return;
  Complete(result, call);
  result.Raw("ttlMs", std::to_string(freshness.ttl_ms));
  result.Text("cacheScope", freshness.same_for_all ? "public" : "private");
}

CallError InvalidParams(std::string sentence) {
  CallError error;
  error.code = kInvalidParams;
  error.message = std::move(sentence);
  error.reason = "InvalidParams";
  return error;
}

void throw_exception_from_error(const CallError& error, const boost::source_location&) {
  throw std::runtime_error(error.message);
}

}  // namespace mcp
