// Subscriptions tells callers what changed: `subscriptions/listen` stays open, and what is
// announced here goes to each listener that asked for it (MCP 2026-07-28, Subscriptions).
//
// A listener that reads slowly loses nothing and holds nothing up: what it has not been told yet is
// a few flags and those of its own URIs that changed, each once. Callers of older revisions come
// here too: the transport listens for each session.
//
// One thread.
#pragma once

#include <list>
#include <set>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/loop.h"
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
  void AnnounceResources() { Announce(kResources); }
  void AnnounceResource(std::string_view uri);

  // listChanged and subscribe are declared by the features that announce.
  void Declare(ObjectWriter&) const override {}
  bool Serves(std::string_view method) const override { return method == "subscriptions/listen"; }
  base::Task<Reply> Serve(ServedCall& call) override;

 private:
  enum Kind : unsigned { kTools = 1, kPrompts = 2, kResources = 4 };
  struct Listener {
    explicit Listener(base::Loop& loop) : event(loop) {}
    unsigned kinds = 0;  // asked for
    std::set<std::string, std::less<>> uris;
    unsigned changed = 0;  // not told yet
    std::set<std::string, std::less<>> changed_uris;
    base::Event event;
  };
  void Announce(Kind kind);

  base::Loop& loop_;
  // In the frames of Serve.
  std::list<Listener*> listeners_;
};

}  // namespace mcp
