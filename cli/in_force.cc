#include "cli/in_force.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace cli {
namespace {

constexpr std::chrono::milliseconds kAskEvery{20};

// Asks again and again; what cannot be answered is not waited for.
template <class Question>
void WaitUntil(std::chrono::milliseconds at_most, Question is_so) {
  const auto give_up = std::chrono::steady_clock::now() + at_most;
  while (!is_so() && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(kAskEvery);
}

}  // namespace

void WaitUntilInForce(RegistryClient& registry, std::int64_t revision) {
  WaitUntil(std::chrono::seconds(1), [&] {
    const auto gateways = registry.ListGateways();
    if (!gateways) return true;
    return std::all_of(gateways->gateways().begin(), gateways->gateways().end(),
                       [&](const v1::GatewayStatus& gateway) {
                         return !gateway.connected() || gateway.revision() >= revision;
                       });
  });
}

bool WaitUntilConnected(RegistryClient& registry) {
  bool connected = false;
  WaitUntil(std::chrono::seconds(5), [&] {
    const auto described = registry.Describe();
    connected = described && described->gateways_connected() > 0;
    return connected || !described;
  });
  return connected;
}

void WaitUntilChecked(RegistryClient& registry, const std::string& server) {
  v1::ListStatusRequest request;
  request.add_servers(server);
  WaitUntil(std::chrono::seconds(5), [&] {
    const auto listed = registry.ListStatus(request);
    return !listed || (!listed->statuses().empty() && listed->statuses(0).checked_at_ms() > 0);
  });
}

}  // namespace cli
