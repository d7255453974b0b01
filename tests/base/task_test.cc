#include "base/task.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/cancel.h"

namespace base {
namespace {

using boost::system::error_code;

Task<int> One() { co_return 1; }

Task<> CountTo(int limit, long& sum) {
  for (int i = 0; i < limit; ++i) sum += co_await One();
}

TEST(TaskTest, AMillionChildrenThatDoNotWaitDoNotGrowTheStack) {
  long sum = 0;
  Spawn(CountTo(1'000'000, sum));
  EXPECT_EQ(sum, 1'000'000);
}

Task<> Tick(boost::asio::io_context& io) {
  boost::asio::steady_timer timer(io);
  timer.expires_after(std::chrono::seconds(0));
  auto [error] =
      co_await AwaitIo<error_code>([&](auto handler) { timer.async_wait(std::move(handler)); });
  EXPECT_FALSE(error);
}

Task<> TickTimes(boost::asio::io_context& io, int times, int& done) {
  for (; done < times; ++done) co_await Tick(io);
}

TEST(TaskTest, AChildThatWaitsResumesItsParent) {
  boost::asio::io_context io;
  int done = 0;
  Spawn(TickTimes(io, 1000, done));
  EXPECT_EQ(done, 0);
  io.run();
  EXPECT_EQ(done, 1000);
}

Task<std::string> Fails() {
  throw std::runtime_error("broken");
  co_return "never";
}

Task<> Catches(std::string& what) {
  try {
    co_await Fails();
  } catch (const std::exception& error) {
    what = error.what();
  }
}

TEST(TaskTest, AnExceptionTravelsToTheAwaiter) {
  std::string what;
  Spawn(Catches(what));
  EXPECT_EQ(what, "broken");
}

TEST(TaskTest, ATaskNeverAwaitedIsDestroyedUnstarted) {
  auto witness = std::make_shared<int>(1);
  {
    auto coroutine = [](std::shared_ptr<int> held) -> Task<> {
      ++*held;
      co_return;
    };
    Task<> task = coroutine(witness);
    EXPECT_EQ(witness.use_count(), 2);
  }
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_EQ(*witness, 1);
}

TEST(CancelSignalTest, RunsEachHookOnceNewestFirst) {
  CancelSignal signal;
  std::string order;
  CancelSignal::Hook first(signal, [&] { order += 'a'; });
  CancelSignal::Hook second(signal, [&] { order += 'b'; });
  signal.Request();
  signal.Request();
  EXPECT_EQ(order, "ba");
}

TEST(CancelSignalTest, AHookMayDestroyAnother) {
  CancelSignal signal;
  int runs = 0;
  auto count = [&] { ++runs; };
  auto older = std::make_unique<CancelSignal::Hook<decltype(count)>>(signal, count);
  CancelSignal::Hook newer(signal, [&] { older.reset(); });
  signal.Request();
  EXPECT_EQ(runs, 0);
  EXPECT_TRUE(signal.requested());
}

}  // namespace
}  // namespace base
