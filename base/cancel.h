// A CancelSignal says that nobody wants the work any more: the caller hung up, a deadline passed, the worker stops.
//
// Cancellation is cooperative. Whoever waits registers a hook that makes its wait end (closes a socket, takes itself out
// of a queue); the wait then returns Code::kCancelled, the coroutines return one by one, and destructors give back
// every permit. One thread; costs two pointer writes a hook.
#pragma once

#include <utility>

namespace base {

class CancelSignal {
 public:
  class HookBase {
   public:
    HookBase(const HookBase&) = delete;
    HookBase& operator=(const HookBase&) = delete;

   protected:
    HookBase(CancelSignal& signal, void (*run)(HookBase&)) : signal_(signal), run_(run) {
      next_ = signal.first_;
      if (next_) next_->previous_ = this;
      signal.first_ = this;
    }
    ~HookBase() { Unlink(); }

   private:
    friend class CancelSignal;
    void Unlink() {
      if (!linked_) return;
      linked_ = false;
      if (next_) next_->previous_ = previous_;
      if (previous_) previous_->next_ = next_;
      if (signal_.first_ == this) signal_.first_ = next_;
    }
    CancelSignal& signal_;
    void (*run_)(HookBase&);
    HookBase* next_ = nullptr;
    HookBase* previous_ = nullptr;
    bool linked_ = true;
  };

  // Runs `function` when the signal is requested, unless destroyed before. The function must not throw, and may destroy
  // other hooks. Check requested() before registering: a hook made after the request never runs.
  template <class Function>
  class Hook final : public HookBase {
   public:
    Hook(CancelSignal& signal, Function function)
        : HookBase(signal, [](HookBase& self) { static_cast<Hook&>(self).function_(); }),
          function_(std::move(function)) {}

   private:
    Function function_;
  };

  CancelSignal() = default;
  CancelSignal(const CancelSignal&) = delete;
  CancelSignal& operator=(const CancelSignal&) = delete;

  bool requested() const { return requested_; }

  // Runs the hooks, newest first, each once. Later calls do nothing.
  void Request() {
    if (std::exchange(requested_, true)) return;
    while (HookBase* hook = first_) {
      hook->Unlink();
      hook->run_(*hook);
    }
  }

 private:
  HookBase* first_ = nullptr;
  bool requested_ = false;
};

}  // namespace base
