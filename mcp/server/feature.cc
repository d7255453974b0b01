#include "mcp/server/feature.h"

#include <stdexcept>

namespace mcp {

void Complete(ObjectWriter& result) { result.Text("resultType", "complete"); }

void Complete(ObjectWriter& result, const ListFreshness& freshness) {
  Complete(result);
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
