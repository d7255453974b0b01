// The guard's own process: what runs in the fork that Guard::Start makes.
#pragma once

namespace gateway {

// Serves the gateway behind `socket` until that is closed; then kills every descendant and exits.
[[noreturn]] void RunGuard(int socket);

}  // namespace gateway
