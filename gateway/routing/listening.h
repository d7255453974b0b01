// Listeners are the open `subscriptions/listen` calls of one worker (MCP 2026-07-28,
// Subscriptions): what modern callers listen with, and what the GET streams of older ones are made
// of.
//
//   list_changed            from the tables that the worker is given: lists are answered from the
//                           catalog's definitions, so whoever hears it and asks finds the new list
//   everything else         from the server, by a listen of its own, only when the caller wants to
//                           hear of resources or belongs to a session (an older server may log and
//                           ask there), or when the server's lists are not in the catalog
//
// What is acknowledged is heard from then on: what the caller's next message makes the server say is
// not missed. A listener stays while its server is away, whose own listen is tried again meanwhile. It ends
// politely, with a result, when its server is removed, retired or hidden from its caller, and when
// the worker drains. What comes from a server waits until the caller has taken what came before;
// list_changed is told once, however often the list changed meanwhile. So nothing piles up.
#pragma once

#include <functional>
#include <memory>
#include <unordered_set>

#include "base/loop.h"
#include "gateway/routing/compiler.h"
#include "mcp/handler.h"

namespace gateway {

class Listeners {
 public:
  using BackendOf = std::function<std::shared_ptr<mcp::Handler>(const Route&)>;

  Listeners(base::Loop& loop, BackendOf backend_of);
  ~Listeners();

  // Answers a request `subscriptions/listen` to the server of that route (null: it is gone); ends
  // when the listening does.
  base::Task<mcp::Response> Listen(mcp::Call& call, std::shared_ptr<const Route> route);

  // A table that all workers serve from by now.
  void Follow(const RouteTable& table);
  // No listener stays, and none begins.
  void EndAll();

 private:
  class Listener;

  // Constant after construction
  base::Loop& loop_;
  const BackendOf backend_of_;

  std::unordered_set<Listener*> open_;
  bool ending_ = false;
};

}  // namespace gateway
