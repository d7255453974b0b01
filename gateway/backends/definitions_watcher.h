// The DefinitionsWatcher finds out what servers offer, by doctor's stages, and reports it: when a
// server is first seen, when its endpoint changed, when the server says that its lists changed,
// when the registry orders it, and every 5 minutes. It listens to each server that it could reach
// (programs say by themselves what changed, and are left to sleep), so a change is in the catalog
// within about a second.
//
// Belongs to one loop, with a BackendContext of its own (not that of a busy worker).
#pragma once

#include <memory>
#include <string>

#include "gateway/backends/backend.h"
#include "gateway/feed/reporter.h"

namespace portolan::v1 {
class ProbeOrder;
class Server;
}  // namespace portolan::v1

namespace gateway {

class DefinitionsWatcher {
 public:
  DefinitionsWatcher(BackendContext& context, Reporter& reporter);
  ~DefinitionsWatcher();

  // A server as the catalog has it now. Cheap when nothing that matters here changed. Servers
  // without an endpoint, not approved or retired are left alone: nothing of theirs is started or
  // contacted.
  void Put(const std::string& name, const portolan::v1::Server& spec);
  void Remove(const std::string& name);

  // Tries the server now; each stage is reported as it ends.
  void Order(const portolan::v1::ProbeOrder& order);

  // Calls off what is under way; `busy` until that has ended. Nothing is begun any more.
  void Stop();
  bool busy() const;

  // The server said that its lists changed.
  void ListChanged(const std::string& name);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gateway
