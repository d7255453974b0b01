// A base::Loop on a thread of its own, for tests whose own thread blocks on sockets.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "base/loop.h"
#include "base/task.h"

namespace test_support {

class LoopThread {
 public:
  LoopThread()
      : work_(boost::asio::make_work_guard(loop_->io)), thread_([this] { loop_->io.run(); }) {}
  LoopThread(const LoopThread&) = delete;
  ~LoopThread() { Stop(); }

  base::Loop& loop() { return *loop_; }

  // Runs `function` on the loop and waits for what it returns.
  template <class Function>
  auto Do(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto done = task.get_future();
    auto shared = std::make_shared<decltype(task)>(std::move(task));
    loop_->Post([shared] { (*shared)(); });
    return done.get();
  }

  // Starts the task that `make` makes, on the loop. `make` may capture: it lives until the task
  // ends.
  template <class Make>
  std::future<void> Spawn(Make make) {
    auto done = std::make_shared<std::promise<void>>();
    auto future = done->get_future();
    loop_->Post(
        [make = std::make_shared<Make>(std::move(make)), done] { base::Spawn(Run(make, done)); });
    return future;
  }

  // Lets what has been posted run, then ends the thread. What the loop holds is destroyed with it.
  void Stop() {
    if (!thread_.joinable()) return;
    loop_->Post([this] { loop_->io.stop(); });
    thread_.join();
  }

 private:
  template <class Make>
  static base::Task<> Run(std::shared_ptr<Make> make, std::shared_ptr<std::promise<void>> done) {
    co_await (*make)();
    done->set_value();
  }

  std::unique_ptr<base::Loop> loop_ = std::make_unique<base::Loop>();
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace test_support
