#include "base/version.h"

namespace base {

std::string Version() { return PORTOLAN_VERSION; }
std::string GitCommit() { return PORTOLAN_GIT_COMMIT; }
std::string BuildTime() { return PORTOLAN_BUILD_TIME; }

}  // namespace base
