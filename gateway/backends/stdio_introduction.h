// How a program and we get to know each other: which era it speaks, and what it says of itself.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/identity.h"
#include "mcp/revision.h"

namespace gateway {

class StdioChild;

struct Introduction {
  mcp::Revision revision = mcp::kLatestLegacy;
  // The raw result of server/discover or initialize.
  std::string result;
};

// server/discover, then initialize as `identity` when that is refused or not answered for a while.
// `known` skips the question. The error says what the program last printed.
base::Task<base::Result<Introduction>> Introduce(std::shared_ptr<StdioChild> child,
                                                 std::optional<mcp::Revision> known,
                                                 mcp::Identity identity,
                                                 base::CancelSignal& cancel);

}  // namespace gateway
