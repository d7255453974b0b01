// AskForInput lets a modern server ask an older caller: an answer `input_required` becomes requests
// to the caller while its call goes on, and the call is sent again with what it answered, under an
// id of ours, until the server needs nothing more.
//
//   caller --tools/call 7--> --tools/call 7-------------------------> server
//          <--elicitation/create-- <--input_required {a, b}, state--
//          ---------answers------>  --tools/call x, {a, b}, state---> server
//          <--------------result 7-------------------------- result x--
//
// Only the answers of callers that can be asked are collected; notifications pass as they come. Of
// others only an answer that came in one piece is looked at, on its way. Stateless; any loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "mcp/handler.h"

namespace mcp::legacy {

class AskForInput final : public Handler {
 public:
  static constexpr int kMaxRounds = 10;
  static constexpr std::size_t kMaxAnswerBytes = 16 * 1024 * 1024;

  // `revision`: what the server speaks, as far as it is known.
  AskForInput(std::shared_ptr<Handler> server, std::function<std::optional<Revision>()> revision);

  base::Task<Response> Handle(Call& call) override;

 private:
  base::Task<Response> Detour(Call& call);
  base::Task<Response> GoRound(Call& call, Response answer);

  // Constant after construction
  const std::shared_ptr<Handler> server_;
  const std::function<std::optional<Revision>()> revision_;
};

}  // namespace mcp::legacy
