// Questions are what a server asks of its caller while one call runs (sampling, elicitation,
// roots): each is put to the caller beside the running call, and what the caller says goes back to
// the server. Several may be open at a time.
//
// One loop; lives in the call's frame. REQUIRES: End was awaited before it is destroyed, since
// every open question refers to the call's Client.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/task.h"
#include "mcp/call.h"
#include "mcp/message.h"

namespace gateway {

class Questions {
 public:
  // `deliver` takes each answer, a whole JSON-RPC response, to the server.
  using Deliver = std::function<void(std::string answer)>;
  Questions(mcp::Client& client, Deliver deliver) : client_(client), deliver_(std::move(deliver)) {}
  Questions(const Questions&) = delete;

  // A request of the server's. One that the caller cannot be asked is answered with an error, and
  // ping by ourselves.
  void Take(std::string_view request, const mcp::Envelope& envelope);
  // The server's notifications/cancelled. True: it was for one of these, and nobody else needs to
  // hear of it.
  bool TakeCancellation(std::string_view notification, const mcp::Envelope& envelope);
  bool open() const { return !open_.empty(); }

  // Ends what is open (the server gets an error), and returns when the caller's side has let go.
  base::Task<> End();

 private:
  struct Open {
    std::string request;
    std::string raw_id;
    base::CancelSignal cancel;
    bool withdrawn = false;  // by the server, who waits no more
  };
  // Shared with whoever requests its signal: the question may be answered and gone meanwhile.
  using Pointer = std::shared_ptr<Open>;
  static base::Task<> Put(Questions& self, Pointer question);

  mcp::Client& client_;
  const Deliver deliver_;
  std::vector<Pointer> open_;
  std::coroutine_handle<> ending_;
};

// The answer to a request that cannot be put to anybody.
std::string CannotBeAsked(std::string_view raw_id, const base::Error& why);

}  // namespace gateway
