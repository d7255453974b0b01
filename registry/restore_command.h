// `portolan-registry restore FILE --data DIR`: a data directory from a backup.
#pragma once

namespace registry {

// The words behind `restore`, and the exit code: 0 restored, 1 not (nothing was changed), 2 for a
// wrong usage.
int RunRestore(int argc, char** argv);

}  // namespace registry
