// RunOn takes work to another loop and brings its result back to one's own.
//
//   co_await RunOn(there, here, make)
//
//   here:  suspended ----post---->  there:  co_await make()
//          resumed   <---post-----          with its result
//
// The awaiting coroutine stays suspended meanwhile, so what `make` refers to of its frame stays
// valid; whether the other loop may touch it is the caller's business. Both loops must run until it
// is done.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/loop.h"
#include "base/task.h"

namespace base {

namespace hop_internal {

template <class Make, class T>
class Hop {
 public:
  Hop(Loop& there, Loop& here, Make make) : there_(there), here_(here), make_(std::move(make)) {}
  Hop(const Hop&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    there_.Post([this] { Spawn(Run(this)); });
  }
  T await_resume() { return *std::move(result_); }

 private:
  static Task<> Run(Hop* self) {
    self->result_.emplace(co_await self->make_());
    // The waiter may be resumed at once: nothing of it is touched after this.
    self->here_.Post([waiting = self->waiting_] { waiting.resume(); });
  }

  Loop& there_;
  Loop& here_;
  Make make_;
  std::coroutine_handle<> waiting_;
  std::optional<T> result_;
};

template <class T>
struct ResultOf;
template <class T>
struct ResultOf<Task<T>> {
  using Type = T;
};

}  // namespace hop_internal

// Runs the task that `make()` gives on `there`. REQUIRES: called on `here`; the task gives a value
// and does not throw.
template <class Make>
auto RunOn(Loop& there, Loop& here, Make make) {
  using T = typename hop_internal::ResultOf<decltype(make())>::Type;
  return hop_internal::Hop<Make, T>(there, here, std::move(make));
}

}  // namespace base
