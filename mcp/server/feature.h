// A Feature is one family of methods of an MCP server of our own: tools, resources, prompts,
// completion, subscriptions, tasks. A Server is made of Features.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/task.h"
#include "mcp/error.h"
#include "mcp/object_writer.h"

namespace mcp {

class ServedCall;

// What becomes of a request: its result, a raw JSON object, or the error its caller sees.
using Reply = boost::system::result<std::string, CallError>;
// Thrown nowhere: boost::system::result wants a way to.
[[noreturn]] void throw_exception_from_error(const CallError& error, const boost::source_location&);

class Feature {
 public:
  virtual ~Feature() = default;
  // Adds what it can do to the `capabilities` of server/discover.
  virtual void Declare(ObjectWriter& capabilities) const = 0;
  virtual bool Serves(std::string_view method) const = 0;
  // REQUIRES: Serves(call's method).
  virtual base::Task<Reply> Serve(ServedCall& call) = 0;
};

// How long a list may be kept, and whether every caller gets the same.
struct ListFreshness {
  std::int64_t ttl_ms = 60'000;
  bool same_for_all = false;
};

// The end of a result for a modern caller: resultType `complete`, and what a list must say of its
// freshness (MCP 2026-07-28, Caching). Older revisions have neither.
void Complete(ObjectWriter& result, const ServedCall& call);
void Complete(ObjectWriter& result, const ServedCall& call, const ListFreshness& freshness);

// An error of the caller's making.
CallError InvalidParams(std::string sentence);

}  // namespace mcp
