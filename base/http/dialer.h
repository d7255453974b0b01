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

  // How one connection is made; all may be null, and `limit` zero: the dialer's own.
  struct How {
    std::chrono::milliseconds limit{0};
    std::shared_ptr<const TlsContext> tls;
    CancelSignal* cancel = nullptr;
    ConnectTimes* times = nullptr;
  };
  // Addresses are tried one after the other. `how` outlives the task.
  Task<boost::system::result<WirePtr, SendFailure>> Dial(const Url& url, const How& how);

 private:
  Loop& loop_;
  const std::chrono::milliseconds limit_;
  const NamesLead names_;
  std::shared_ptr<const TlsContext> tls_;  // made with the first https connection, if none is given
};

}  // namespace base::http
