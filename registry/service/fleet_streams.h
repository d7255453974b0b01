// The streams of FleetService: what a gateway follows, and the stages of a probe on their way to
// who asked.
#pragma once

#include <memory>
#include <string>

#include "registry/catalog/catalog.h"
#include "registry/service/fleet.h"
#include "registry/service/methods.h"

namespace registry {

class Vault;

struct FleetStreams {
  Catalog& catalog;
  Fleet& fleet;
  Bell& tick;
  const base::Clock& clock;
};

// Who follows, and how it is told what is secret.
struct Follower {
  std::string gateway;
  // X25519: what it joined with.
  std::string public_key;
  Vault& vault;
};

// In this order: keys, the changes (at least one message, so that the gateway knows where it
// stands), then whatever comes next of changes, heartbeats, orders to probe and definitions, the
// first of these that is there.
std::unique_ptr<Stream> OpenFollow(const FleetStreams& around, Follower follower,
                                   const v1::FollowRequest& request, v1::Keys keys, Wake wake);

// Ends after the status; kUnavailable when the gateway goes away, kDeadlineExceeded after 90 s.
std::unique_ptr<Stream> OpenProbe(const FleetStreams& around, std::unique_ptr<Fleet::Probe> probe,
                                  Wake wake);

}  // namespace registry
