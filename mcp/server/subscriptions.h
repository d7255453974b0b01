// Subscriptions tells callers what changed: `subscriptions/listen` stays open, and what is
// announced here goes to each listener that asked for it (MCP 2026-07-28, Subscriptions).
//
// A change that not everybody may know of is announced with who may: to all others it did not
// happen.
//
// A listener that reads slowly loses nothing and holds nothing up: what it has not been told yet is
// a few flags and those of its own URIs that changed, each once. Callers of older revisions come
// here too: the transport listens for each session.
//
// One thread.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/loop.h"
#include "mcp/call.h"
#include "mcp/requests.h"
#include "mcp/server/feature.h"

namespace mcp {

class Subscriptions final : public Feature {
 public:
  static constexpr std::size_t kMaxListeners = 10'000;
  static constexpr std::size_t kMaxUris = 1'000;  // of one listener

  // `loop` is where callers are served.
  explicit Subscriptions(base::Loop& loop) : loop_(loop) {}

  void AnnounceTools() { Announce(kTools); }
  void AnnouncePrompts() { Announce(kPrompts); }
  // Whether the caller of a listen may hear of a change; empty: all may.
  using Sees = std::function<bool(const Call& call)>;
  void AnnounceResources(const Sees& sees = {}) { Announce(kResources, sees); }
  void AnnounceResource(std::string_view uri, const Sees& sees = {});
  // Every listener is sent home in good order, and who comes now at once.
  void End();

  // Whether anybody listens; from any thread.
  bool heard() const { return heard_.load(std::memory_order_relaxed); }

  // listChanged and subscribe are declared by the features that announce.
  void Declare(ObjectWriter&) const override {}
  bool Serves(std::string_view method) const override { return method == kListenMethod; }
  base::Task<Reply> Serve(ServedCall& call) override;

 private:
  enum Kind : unsigned { kTools = 1, kPrompts = 2, kResources = 4 };
  struct Listener {
    Listener(base::Loop& loop, const Call& caller) : call(caller), event(loop) {}
    const Call& call;
    unsigned kinds = 0;  // asked for
    std::set<std::string, std::less<>> uris;
    unsigned changed = 0;  // not told yet
    std::set<std::string, std::less<>> changed_uris;
    base::Event event;
  };
  void Announce(Kind kind, const Sees& sees = {});

  base::Loop& loop_;
  bool ended_ = false;
  std::atomic<bool> heard_ = false;
  // In the frames of Serve.
  std::list<Listener*> listeners_;
};

}  // namespace mcp
