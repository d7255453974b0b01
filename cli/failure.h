// A Failure is an error as the person at the terminal needs it: what failed, at which stage, and
// what to type next.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/exit_code.h"

namespace cli {

struct Failure {
  Exit exit = Exit::kUnreachable;
  // One word: connect, read, store, tcp, ...; shown first.
  std::string stage;
  std::string message;
  // What to do about it, as a sentence or a command; may be empty.
  std::string next;
};

// The exit code for an answer of the registry.
Exit ExitFor(base::Code code);
// The exit code for a JSON-RPC error of the gateway or of the server behind it.
Exit ExitForRpcError(int code);

// An error of the registry, with the usual advice for its code.
Failure FailureFrom(const base::Error& error, std::string stage);

}  // namespace cli
