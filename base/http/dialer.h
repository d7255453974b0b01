// A Dialer opens connections: name, TCP, TLS, each a stage that may fail under its own name.
#pragma once

#include <memory>
#include <utility>

#include "base/http/client.h"
#include "base/http/wire.h"
#include "base/loop.h"

namespace base::http {

// Where a name (not an address that somebody wrote) may lead: see outward_client.h.
enum class NamesLead { kAnywhere, kOutward };

class Dialer {
 public:
  // `tls` null: the system's CAs are trusted.
  Dialer(Loop& loop, std::chrono::milliseconds limit, std::shared_ptr<const TlsContext> tls,
         NamesLead names)
      : loop_(loop), limit_(limit), names_(names), tls_(std::move(tls)) {}

  // `cancel` and `times` may be null. Addresses are tried one after the other.
  Task<boost::system::result<WirePtr, SendFailure>> Dial(const Url& url, CancelSignal* cancel,
                                                         ConnectTimes* times);

 private:
  Loop& loop_;
  const std::chrono::milliseconds limit_;
  const NamesLead names_;
  std::shared_ptr<const TlsContext> tls_;  // made with the first https connection, if none is given
};

}  // namespace base::http
