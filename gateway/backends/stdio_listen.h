// subscriptions/listen at programs that do not know it: acknowledged, then what they say as it
// comes, tagged with the caller's id, until the caller has gone. Programs come and go meanwhile.
#pragma once

#include <memory>
#include <string>

#include "base/task.h"
#include "gateway/backends/stdio_place.h"
#include "mcp/call.h"

namespace gateway {

// `capabilities` are the program's, raw: what it cannot do is not granted. Questions outside of
// calls come here too when the caller has a session.
base::Task<mcp::Response> ListenAtPlace(mcp::Call& call, std::shared_ptr<StdioPlace> place,
                                        ListenFilter wanted, std::string capabilities,
                                        std::string server, base::Loop& loop);

}  // namespace gateway
