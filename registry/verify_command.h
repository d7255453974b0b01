// `portolan-registry verify FILE`: whether the audit of a database (or of a copy) is whole.
#pragma once

namespace registry {

// The words behind `verify`, and the exit code: 0 whole, 1 not, 2 for a wrong usage or a file that
// cannot be read.
int RunVerify(int argc, char** argv);

}  // namespace registry
