// What the feed brings, as plain protos: the one place where the rest of the gateway hears of the
// registry.
//
// Called on the feed's own thread, and during ResourceFeed::Open on the opener's (what was kept on
// disk); implementations post.
#pragma once

#include <string>
#include <vector>

namespace portolan::v1 {
class CachePurge;
class Changes;
class ProbeOrder;
class ServerDefinitions;
}  // namespace portolan::v1

namespace gateway {

// Opened: kept in memory only.
struct FeedKeys {
  // 32 bytes each, newest first: the first seals session tokens, all open them.
  std::vector<std::string> session_ring;
  // Ed25519, 32 bytes each.
  std::vector<std::string> call_token_public_keys;
};

class FeedSink {
 public:
  virtual ~FeedSink() = default;
  // `complete`: this is the whole catalog, what is not in it is gone.
  virtual void OnChanges(portolan::v1::Changes&& changes) = 0;
  // All of one server's definitions, as they are now.
  virtual void OnDefinitions(portolan::v1::ServerDefinitions&& definitions) = 0;
  virtual void OnKeys(FeedKeys&& keys) = 0;
  virtual void OnProbe(portolan::v1::ProbeOrder&& order) = 0;
  // Kept answers are to be forgotten; Reporter::Purged says when that is done.
  virtual void OnPurge(const portolan::v1::CachePurge& purge) { (void)purge; }
};

}  // namespace gateway
