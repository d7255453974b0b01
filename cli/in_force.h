// Waiting for the gateways: what a verb has written is served a moment later, and who types the next command at once should
// find it there.
#pragma once

#include <cstdint>
#include <string>

#include "cli/registry_client.h"

namespace cli {

// Until every connected gateway serves by `revision`, at most a second.
void WaitUntilInForce(RegistryClient& registry, std::int64_t revision);

// Until a gateway follows the registry, at most five seconds; false when none does.
bool WaitUntilConnected(RegistryClient& registry);

// Until a gateway has looked at `server`, at most five seconds.
void WaitUntilChecked(RegistryClient& registry, const std::string& server);

}  // namespace cli
