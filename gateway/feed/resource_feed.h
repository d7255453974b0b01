// The ResourceFeed follows the registry: it joins, keeps a stream open, hands on what comes, and
// keeps the last of it on disk, sealed, so that a gateway starts and serves while the registry is
// down.
//
//   DATA/gateway.token               read to join (written by the registry on its first start)
//   DATA/gateway/key                 seals what is below; holds this gateway's X25519 key too
//   DATA/gateway/credential.sealed   what Join gave
//   DATA/gateway/snapshot.sealed     what to serve; its modification time is when the registry was
//   last heard
//
// Three threads of its own: one reads the stream, one sends reports, one leases quotas. This is the
// gateway's only gRPC.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/rpc/peer.h"
#include "gateway/feed/feed_sink.h"
#include "gateway/feed/report_queue.h"

namespace gateway {

namespace state {
class Quotas;
}

struct FeedOptions {
  base::rpc::Peer registry;
  std::filesystem::path data;
  std::string name = "local";
  std::string version;
  std::string admin_url;
  bool allow_stdio = false;
};

class ResourceFeed {
 public:
  // Makes or reads DATA/gateway/key and gives `sink` what the last snapshot held. Fails only when
  // the folder or the key cannot be used; a snapshot that cannot be opened is logged and left
  // behind.
  static base::Result<std::unique_ptr<ResourceFeed>> Open(FeedOptions options, FeedSink& sink,
                                                          ReportQueue& reports,
                                                          state::Quotas& quotas);
  // Stops its threads, after a last report (1 s at most) and when what is left of quotas was given
  // back (2 s at most). REQUIRES: no call runs any more.
  virtual ~ResourceFeed() = default;

  // Begins to follow.
  virtual void Start() = 0;

  // From any thread.
  virtual bool connected() const = 0;
  // Seconds since the registry was last heard (also by an earlier run); -1: never.
  virtual std::int64_t stale_s() const = 0;
  // The catalog's revision that `sink` has been told of.
  virtual std::int64_t revision() const = 0;
  // Why it is not connected, for health pages; empty when it is.
  virtual std::string problem() const = 0;
};

}  // namespace gateway
