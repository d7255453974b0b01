// A keeper is the process between the guard and one program: the program's parent and subreaper, so
// that exactly what the program started, however often it forked, ends with it.
#pragma once

#include "gateway/guard/guard.h"

namespace gateway {

// The program's ends of its pipes.
struct ProgramPipes {
  int in = -1;
  int out = -1;
  int error = -1;
};

// Runs in a fresh fork of the guard: starts the program, tells the guard through `control`, waits
// for the program's end or the guard's word, and ends the whole tree. When the guard is gone, it
// does so at once.
[[noreturn]] void KeepProgram(const Guard::Program& program, ProgramPipes pipes, int control);

}  // namespace gateway
