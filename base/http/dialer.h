// A Dialer opens connections: name, TCP, TLS, each a stage that may fail under its own name.
#pragma once

#include <memory>

#include "base/http/client.h"
#include "base/http/wire.h"
#include "base/loop.h"

namespace base::http {

class Dialer {
 public:
  Dialer(Loop& loop, std::chrono::milliseconds limit) : loop_(loop), limit_(limit) {}

  // `cancel` and `times` may be null. Addresses are tried one after the other.
  Task<boost::system::result<WirePtr, SendFailure>> Dial(const Url& url, CancelSignal* cancel,
                                                         ConnectTimes* times);

 private:
  Loop& loop_;
  const std::chrono::milliseconds limit_;
  std::shared_ptr<TlsContext> tls_;  // made with the first https connection
};

}  // namespace base::http
