// One call at a program: into the program's era and under a number of its own, then whatever comes
// for it (notifications, questions to the caller), then the answer, back under the caller's id.
//
// One loop, that of the program.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "gateway/backends/deadline.h"
#include "gateway/backends/stdio_child.h"
#include "gateway/backends/stdio_place.h"
#include "mcp/call.h"
#include "mcp/revision.h"

namespace gateway {

struct StdioCallOptions {
  std::string server;                           // for what the caller is told
  mcp::Revision revision = mcp::kLatestLegacy;  // what the program speaks
  // The program knows what the caller may be asked.
  bool may_ask = false;
  bool has_log_level = false;
};

// What sessions say about subscriptions and log levels is a matter of the whole `place`, and is
// passed on when it changes anything there. When `deadline` ends it, the program is told so; one
// that printed nothing at all meanwhile is taken for dead and ended.
base::Task<mcp::Response> CallProgram(mcp::Call& call, std::shared_ptr<StdioChild> child,
                                      std::shared_ptr<StdioPlace> place, StdioCallOptions options,
                                      Deadline& deadline, const base::Clock& clock);

}  // namespace gateway
