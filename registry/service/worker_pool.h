// A WorkerPool is the few threads on which methods run: they block on SQLite and on the disk, which
// no event loop may.
//
//   base::Result<T> result = co_await OnPool(pool, loop, [&] { return catalog.Get(...); });
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/loop.h"

namespace registry {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  // Waits for what runs; drops what has not begun.
  ~WorkerPool();

  // From any thread.
  void Post(std::function<void()> work);
  // Waits for what runs, then refuses everything.
  void Stop();

 private:
  struct Threads;
  std::unique_ptr<Threads> threads_;
};

// Awaits `function` (which must not throw) on the pool, and goes on on the loop. References that it
// holds must live as long as the awaiting coroutine, which cannot be cancelled here.
template <class Function>
class OnPool {
 public:
  OnPool(WorkerPool& pool, base::Loop& loop, Function function)
      : pool_(pool), loop_(loop), function_(std::move(function)) {}
  OnPool(const OnPool&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    pool_.Post([this, waiting] {
      result_.emplace(function_());
      loop_.Post([waiting] { waiting.resume(); });
    });
  }
  auto await_resume() { return std::move(*result_); }

 private:
  WorkerPool& pool_;
  base::Loop& loop_;
  Function function_;
  std::optional<decltype(std::declval<Function&>()())> result_;
};

}  // namespace registry
