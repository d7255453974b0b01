// A Loop is one thread's event loop with its timers. Whoever lives on it is touched by no other thread; others post.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/timers.h"

namespace base {

class Loop {
 public:
  Loop() : io(1), timers(io) {}

  // From any thread: runs `function` on this loop's thread, later.
  template <class Function>
  void Post(Function function) {
    boost::asio::post(io, std::move(function));
  }

  boost::asio::io_context io;
  Timers timers;
};

}  // namespace base
