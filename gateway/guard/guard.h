// The Guard is a small process that owns the programs of stdio servers and outlives nobody.
//
// It is forked before the gateway has a thread, starts programs on demand, is their subreaper
// (whatever they fork and forget becomes its child), and tells how they end. When its pipe to the
// gateway closes, for whatever reason (kill -9 included), it kills every descendant and exits.
//
//   gateway --socketpair--> guard --fork, exec--> program (a process group of its own)
//      |                                              ^
//      +---- stdin, stdout, stderr (SCM_RIGHTS) ------+
//
// One Guard object belongs to one loop (the one that stdio servers live on), and outlives its
// children.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "base/process.h"
#include "base/result.h"

namespace gateway {

class Guard {
 public:
  // What is to be started. The environment is the whole of it: see base::ChildEnvironment.
  struct Program {
    std::string command;
    std::vector<std::string> args;
    std::vector<std::pair<std::string, std::string>> environment;
    std::string cwd;                     // empty: the gateway's own
    std::uint64_t max_memory_bytes = 0;  // of its whole tree; 0: no bound
  };

  // How a program ended.
  struct Exit {
    int status = 0;  // its exit code, or 128 + the signal that ended it
    int signal = 0;
    // `exited with code 1`, `killed by signal 9 (its memory passed 1073741824 bytes)`
    std::string message;
  };

  // A running program. Destroying it ends the program: SIGTERM to its group, SIGKILL to its whole
  // tree 2 s later.
  class Child {
   public:
    virtual ~Child() = default;
    virtual pid_t pid() const = 0;
    // Non-blocking ends of its pipes; -1 once taken. The taker closes them.
    virtual int TakeStdin() = 0;
    virtual int TakeStdout() = 0;
    virtual int TakeStderr() = 0;
    // Called on the loop, once, when the program has ended. It may destroy the child.
    virtual void OnExit(std::function<void(const Exit&)> callback) = 0;
  };

  // Forks the guard. REQUIRES: this process has one thread.
  static base::Result<std::unique_ptr<Guard>> Start();
  virtual ~Guard() = default;

  // Where callbacks run and requests are made from now on; called once, before Spawn.
  virtual void Attach(base::Loop& loop) = 0;

  // Starts a program; the error says why it could not be started ("npx: not found in PATH").
  virtual base::Task<base::Result<std::unique_ptr<Child>>> Spawn(Program program) = 0;

  // Of the guard process itself.
  virtual pid_t pid() const = 0;
};

}  // namespace gateway
