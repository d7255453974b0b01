// How long OpenSSL's own state lives.
#pragma once

namespace base {

// Not taken down when the process ends: threads that are not ours (gRPC's) may still be using it then, and what they hold
// of it would be lost. REQUIRES: first of all in main, before anything uses OpenSSL.
void KeepOpensslToTheEnd();

}  // namespace base
