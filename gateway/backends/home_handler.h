// A HomeHandler takes a call to the loop that its handler lives on, and the answer back.
//
//   worker's loop                         home loop
//   Handle: copies the call --post------> handler.Handle(copy)
//   call.client.Notify <----post--------- copy.client.Notify, waits
//          `------------------post------> goes on: back-pressure
//   the response <----------post--------- returns
//
// For handlers whose answers are whole messages; what they relay is collected, under a bound.
#pragma once

#include <memory>

#include "base/loop.h"
#include "mcp/handler.h"

namespace gateway {

class HomeHandler final : public mcp::Handler {
 public:
  HomeHandler(std::shared_ptr<mcp::Handler> handler, base::Loop& home, base::Loop& own)
      : handler_(std::move(handler)), home_(home), own_(own) {}

  base::Task<mcp::Response> Handle(mcp::Call& call) override;

 private:
  const std::shared_ptr<mcp::Handler> handler_;
  base::Loop& home_;
  base::Loop& own_;
};

}  // namespace gateway
