// Awaits that a proof can be judged without waiting (Authenticator::Prepare), without a thread that waits for it.
//
//   Prepared prepared(authenticator, loop, proof);
//   co_await prepared;
//   auto caller = authenticator.Identify(proof);   // on the pool
#pragma once

#include <coroutine>

#include "base/loop.h"
#include "registry/service/authenticator.h"

namespace registry {

// For a coroutine on `loop`, which cannot be cancelled here; five seconds at most.
class Prepared {
 public:
  Prepared(Authenticator& authenticator, base::Loop& loop, const Proof& proof)
      : authenticator_(authenticator), loop_(loop), proof_(proof) {}
  Prepared(const Prepared&) = delete;

  bool await_ready() const { return !authenticator_.MustPrepare(proof_); }
  void await_suspend(std::coroutine_handle<> waiting) {
    authenticator_.Prepare(
        proof_, [&loop = loop_, waiting] { loop.Post([waiting] { waiting.resume(); }); });
  }
  void await_resume() const {}

 private:
  Authenticator& authenticator_;
  base::Loop& loop_;
  const Proof& proof_;
};

}  // namespace registry
