#include "cli/failure.h"

#include <utility>

namespace cli {

Exit ExitFor(base::Code code) {
  switch (code) {
    case base::Code::kOk: return Exit::kOk;
    case base::Code::kNotFound: return Exit::kNotFound;
    case base::Code::kUnauthenticated:
    case base::Code::kPermissionDenied:
    case base::Code::kResourceExhausted: return Exit::kDenied;
    case base::Code::kInvalidArgument:
    case base::Code::kAlreadyExists:
    case base::Code::kAborted:
    case base::Code::kFailedPrecondition:
    case base::Code::kOutOfRange:
    case base::Code::kUnimplemented: return Exit::kUsage;
    default: return Exit::kUnreachable;
  }
}

// The codes are the gateway's (docs: what a caller sees): -31000 minus a number like HTTP's.
Exit ExitForRpcError(int code) {
  switch (code) {
    case -31404:
    case -31410: return Exit::kNotFound;
    case -31409: return Exit::kHeld;
    case -31502:
    case -31503:
    case -31504:
    case -32603: return Exit::kUnreachable;
    case -32700:
    case -32600: return Exit::kUsage;
    default: return code <= -31400 && code >= -31499 ? Exit::kDenied : Exit::kToolError;
  }
}

Failure FailureFrom(const base::Error& error, std::string stage) {
  Failure failure{ExitFor(error.code), std::move(stage), error.message, ""};
  switch (error.code) {
    case base::Code::kUnauthenticated:
      failure.next =
          "say who you are:  --token TOKEN  or PORTOLAN_TOKEN (the registry's admin.token)";
      break;
    case base::Code::kUnavailable:
      failure.next = "start it:  portolan up      or name another one:  --registry HOST:PORT";
      break;
    case base::Code::kDeadlineExceeded: failure.next = "see what is wrong:  portolan doctor"; break;
    default: break;
  }
  return failure;
}

}  // namespace cli
