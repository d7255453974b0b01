// Awaits that the token of an admission can be judged: that its issuer's keys are here, or cannot be had.
//
//   PreparedToken prepared(providers, loop, admission);
//   co_await prepared;
//   gate.Resume(exchange, table, record, admission);
#pragma once

#include <coroutine>

#include "base/auth/identity_providers.h"
#include "base/loop.h"
#include "gateway/edge/gate.h"

namespace gateway {

// For a coroutine on `loop`, which cannot be cancelled here; five seconds at most. REQUIRES: the admission waits.
class PreparedToken {
 public:
  PreparedToken(base::auth::IdentityProviders& providers, base::Loop& loop,
                const Admission& admission)
      : providers_(providers), loop_(loop), admission_(admission) {}
  PreparedToken(const PreparedToken&) = delete;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    providers_.Prepare(admission_.token, admission_.uses,
                       [&loop = loop_, waiting] { loop.Post([waiting] { waiting.resume(); }); });
  }
  void await_resume() const {}

 private:
  base::auth::IdentityProviders& providers_;
  base::Loop& loop_;
  const Admission& admission_;
};

}  // namespace gateway
