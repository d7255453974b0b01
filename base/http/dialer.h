// A Dialer opens connections: name, TCP, TLS, each a stage that may fail under its own name.
#pragma once

#include <memory>

#include "base/http/client.h"
#include "base/http/wire.h"
#include "base/loop.h"

namespace base::http {

// Where a name (not an address that somebody wrote) may lead: see outward_client.h.
enum class NamesLead { kAnywhere, kOutward };

class Dialer {
 public:
  Dialer(Loop& loop, std::chrono::milliseconds limit, NamesLead names = NamesLead::kAnywhere)
      : loop_(loop), limit_(limit), names_(names) {}

  // `cancel` and `times` may be null. Addresses are tried one after the other.
  Task<boost::system::result<WirePtr, SendFailure>> Dial(const Url& url, CancelSignal* cancel,
                                                         ConnectTimes* times);

 private:
  Loop& loop_;
  const std::chrono::milliseconds limit_;
  const NamesLead names_;
  std::shared_ptr<TlsContext> tls_;  // made with the first https connection
};

}  // namespace base::http
