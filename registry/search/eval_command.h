// `portolan-registry eval`: measures the ranking on files, without a running registry (eval.h).
#pragma once

namespace registry::search {

// The words behind `eval`, and the exit code: 0, 2 for a wrong usage or a file that cannot be read.
int RunEval(int argc, char** argv);

}  // namespace registry::search
