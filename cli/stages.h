// The stages of a probe (dns, tcp, tls, http, auth, handshake, list) as `add` and `doctor` show
// them while they happen.
#pragma once

#include "base/result.h"
#include "cli/context.h"

namespace cli {

enum class StageLayout { kOneLine, kOnePerLine };

// Probes the server and prints each stage as it ends; a failing one on stderr, with its fix.
//
// kUnavailable when no gateway is there to try it. The server's status otherwise, also of a probe
// that failed.
base::Result<v1::ServerStatus> ProbeAndPrint(Context& context, const std::string& server,
                                             StageLayout layout);

// The exit code of a probe.
Exit ExitFor(const v1::ServerStatus& status);

}  // namespace cli
