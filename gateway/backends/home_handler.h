// A HomeHandler takes a call to the loop that its handler lives on, and the answer back.
//
//   worker's loop                          home loop
//   Handle: copies the call ---hop------>  handler.Handle(copy)
//   call.client.Notify  <------hop-------  copy.client.Notify, waits: back-pressure
//   call.client.Ask     <------hop-------  copy.client.Ask, several at a time
//   call.client.Relay   <------hop-------  copy.client.Relay
//         source.Next   -------hop------>    source.Next, for each piece
//   the response        <------hop-------  returns
//
// Cancellation hops too, and the handler answers in the end however it goes.
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
