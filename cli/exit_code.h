// What the command line exits with; scripts rely on the numbers.
#pragma once

namespace cli {

enum class Exit {
  kOk = 0,
  kToolError = 1,  // the tool answered isError, or its server a JSON-RPC error
  kFailed = 1,     // `up` itself could not start
  kUsage = 2,
  kNotFound = 3,  // or hidden from the caller
  kDenied = 4,    // by a policy, or over a limit
  kUnreachable = 5,
  kHeld = 6,  // waits for an approval, or its definition changed
};

}  // namespace cli
