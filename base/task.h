// Task<T> is our coroutine: lazy, awaited once, owned by who awaits it.
//
// It begins when it is awaited and runs on the thread that awaited it. A child that finishes without waiting returns
// straight into its parent (no queue, and no growing stack in a loop, sanitizers included); one that waited resumes its
// parent by symmetric transfer. Frames come from a free list of the thread, so a warm call allocates nothing.
//
// An exception travels to the awaiter. Cancellation is cooperative: see cancel.h.
//
// Traps with GCC 12: name an argument, then await (a braced aggregate temporary inside a co_await expression is destroyed
// twice); a coroutine takes values, or references that its caller keeps until it ends; a capturing lambda that is a
// coroutine must outlive it.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace base {

namespace task_internal {

void* AllocateFrame(std::size_t bytes);
void FreeFrame(void* frame, std::size_t bytes) noexcept;

struct PromiseBase {
  std::coroutine_handle<> continuation;
  // The parent is still inside await_suspend: it continues by itself when we finish.
  bool inline_in_parent = false;
  std::exception_ptr exception;

  static void* operator new(std::size_t bytes) { return AllocateFrame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { FreeFrame(frame, bytes); }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      PromiseBase& promise = self.promise();
      if (promise.inline_in_parent) return std::noop_coroutine();
      return promise.continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  auto get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() {
    if (exception) std::rethrow_exception(exception);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  auto get_return_object() { return std::coroutine_handle<Promise>::from_promise(*this); }
  void return_void() noexcept {}
  void Take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace task_internal

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_internal::Promise<T>;

  Task(std::coroutine_handle<promise_type> handle)
      : handle_(handle) {}  // NOLINT: made by the promise
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> parent) {
    promise_type& promise = handle_.promise();
    promise.continuation = parent;
    promise.inline_in_parent = true;
    handle_.resume();
    if (handle_.done()) return false;
    promise.inline_in_parent = false;
    return true;
  }
  T await_resume() { return handle_.promise().Take(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace task_internal {

struct Detached {
  struct promise_type {
    static void* operator new(std::size_t bytes) { return AllocateFrame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
      FreeFrame(frame, bytes);
    }
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

inline Detached RunDetached(Task<void> task) { co_await std::move(task); }

template <class... Results>
class IoAwaiter {
 public:
  using Outcome = std::tuple<Results...>;

  // The handler given to an Asio initiation: keeps the results here and resumes the coroutine.
  struct Handler {
    IoAwaiter* awaiter;
    template <class... Args>
    void operator()(Args&&... args) {
      awaiter->outcome_.emplace(std::forward<Args>(args)...);
      awaiter->waiting_.resume();
    }
  };

 protected:
  std::optional<Outcome> outcome_;
  std::coroutine_handle<> waiting_;
};

template <class Initiate, class... Results>
class Io : public IoAwaiter<Results...> {
 public:
  explicit Io(Initiate initiate) : initiate_(std::move(initiate)) {}
  Io(const Io&) = delete;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) {
    this->waiting_ = self;
    initiate_(typename IoAwaiter<Results...>::Handler{this});
  }
  std::tuple<Results...> await_resume() { return std::move(*this->outcome_); }

 private:
  Initiate initiate_;
};

}  // namespace task_internal

// Starts a task that nobody awaits. It must not throw.
inline void Spawn(Task<void> task) { task_internal::RunDetached(std::move(task)); }

// Awaits one Asio operation. Completions are posted by Asio, never inline, so the frame is safe.
//
//   auto [error, bytes] = co_await base::AwaitIo<error_code, size_t>(
//       [&](auto handler) { socket.async_read_some(buffer, std::move(handler)); });
template <class... Results, class Initiate>
auto AwaitIo(Initiate initiate) {
  return task_internal::Io<Initiate, Results...>(std::move(initiate));
}

}  // namespace base
