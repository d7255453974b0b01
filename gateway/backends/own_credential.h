// A server as it is asked on behalf of nobody: with the credential that it names itself. For what comes
// by no chain (what servers offer is found out, and listened for); callers' calls are shown theirs by
// gateway/filters/show_credential.
//
// A credential that each caller has their own of is nobody's: such a server is asked without.
#pragma once

#include <memory>
#include <string>

#include "base/cancel.h"
#include "base/result.h"
#include "base/task.h"
#include "gateway/backends/backend.h"
#include "gateway/state/upstream_tokens.h"
#include "mcp/handler.h"
#include "mcp/upstream_terms.h"

namespace portolan::v1 {
class Server;
}

namespace gateway {

// `server` itself where there is none to show.
std::shared_ptr<mcp::Handler> WithOwnCredential(std::shared_ptr<mcp::Handler> server,
                                                const std::string& name,
                                                const portolan::v1::Server& spec,
                                                BackendContext& context);

// What the server is shown; null: nothing. The error is for whoever operates the gateway.
base::Task<base::Result<state::UpstreamTokens::Pointer>> ShowOwn(const portolan::v1::Server& spec,
                                                                 BackendContext& context,
                                                                 base::CancelSignal& cancel);

}  // namespace gateway
