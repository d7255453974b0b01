#include "gateway/backends/bounds.h"

namespace gateway {

base::Error TooManySessions(std::size_t bound) {
  return BoundReached("keeps no more than " + std::to_string(bound) +
                      " sessions for its callers, and all are in use. End some calls first, or "
                      "declare fewer different client capabilities.");
}

base::Error CallerTooSlow(std::size_t bound_bytes) {
  return BoundReached("sent more than " + std::to_string(bound_bytes) +
                      " bytes that this client has not read. Read its events as they come.");
}

base::Error ProgramTooSlow(std::size_t bound_bytes) {
  return BoundReached("has left more than " + std::to_string(bound_bytes) +
                      " bytes unread that it was sent. Send less at a time.");
}

base::Error MessageTooLong(std::size_t bound_bytes) {
  return BoundReached(
      "sent a message longer than " + std::to_string(bound_bytes) +
      " bytes. Ask for less, or have limits.max_event_bytes of the gateway raised.");
}

base::Error ConnectionsBusy(std::size_t bound) {
  return BoundReached("has all of its " + std::to_string(bound) +
                      " connections busy. Try again later, or have limits.max_server_connections "
                      "of the gateway raised.");
}

}  // namespace gateway
