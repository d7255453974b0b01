// The messages that several parts of us say in the same words, and the names of methods that
// several parts look for.
#pragma once

#include <string>
#include <string_view>

#include "mcp/identity.h"

namespace mcp {

inline constexpr std::string_view kDiscoverMethod = "server/discover";
inline constexpr std::string_view kListenMethod = "subscriptions/listen";
inline constexpr std::string_view kCancelledMethod = "notifications/cancelled";

// server/discover as a client of 2026-07-28 asks it. An identity without info names nobody.
std::string DiscoverRequest(std::string_view raw_id, const Identity& identity);

// Calls off the request of that id; `reason` may be empty.
std::string CancelledNotification(std::string_view raw_id, std::string_view reason = {});

}  // namespace mcp
