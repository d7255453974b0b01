// What a caller is told whose arguments do not fit a tool's schema, or whose result does not: a
// result that is an error, so that the model behind the caller reads what to mend.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_schema.h"
#include "gateway/filters/refusal.h"
#include "mcp/call.h"

namespace gateway {

struct Misfit {
  std::string_view reason;  // a constant: `ArgumentsInvalid`
  std::string sentence;     // what the places follow, in text
  std::vector<base::Violation> places;

  // `/amount: must be a number, and is a string; /currency: is missing`, at most 2,000 bytes
  std::string PlacesText() const;
};

// A result with `isError`, the sentence and the places as JSON pointers in its text, and in
// `_meta["io.portolan.gateway/refusal"]` for programs. Without structuredContent, which clients would
// hold against the schema.
mcp::Response RefuseMisfit(mcp::Call& call, const Misfit& misfit, const RefusalStyle& style,
                           const RuleName& rule);

// Notes it on the record of a call that goes on.
void ObserveMisfit(mcp::Call& call, const Misfit& misfit, const RuleName& rule);

}  // namespace gateway
