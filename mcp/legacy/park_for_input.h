// ParkForInput lets an older server ask a modern caller: in 2026-07-28 nobody is asked while a call
// runs, the call ends with `input_required` instead and comes again with the answers (Multi
// Round-Trip Requests). So the call is run apart (running_call.h), and what the server asks
// meanwhile becomes the result of the exchange that waits for it.
//
// Belongs to one loop; the calls that it starts live there, and those that it finds may live on
// another. A call of an older caller, to a modern server, or of a caller that cannot be asked goes
// straight to the server.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/loop.h"
#include "mcp/handler.h"
#include "mcp/legacy/parked_calls.h"

namespace mcp::legacy {

class ParkForInput final : public Handler {
 public:
  struct Options {
    base::Loop& loop;
    ParkedCalls& parked;
    std::string scope;  // names the server
    // What the server speaks, as far as it is known.
    std::function<std::optional<Revision>()> revision;
  };
  ParkForInput(std::shared_ptr<Handler> server, Options options);

  base::Task<Response> Handle(Call& call) override;

 private:
  base::Task<Response> Detour(Call& call);
  base::Task<Response> Attend(Call& call, std::shared_ptr<RunningCall> running,
                              RunningCall::VisitPointer visit);

  // Constant after construction
  const std::shared_ptr<Handler> server_;
  const Options options_;

  ParkedCalls::Sealer sealer_;
};

}  // namespace mcp::legacy
