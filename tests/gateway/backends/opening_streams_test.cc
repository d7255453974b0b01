#include "gateway/backends/opening_streams.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

class OpeningStreamsTest : public testing::Test {
 protected:
  void Wait(std::string key) {
    base::Spawn(WaitFor(std::move(key)));
    Run();
  }
  base::Task<> WaitFor(std::string key) {
    co_await streams_.Wait(loop_, key, cancel_);
    ++returned_;
  }
  void Run() {
    loop_.io.restart();
    loop_.io.poll();
  }

  base::Loop loop_;
  OpeningStreams streams_;
  base::CancelSignal cancel_;
  int returned_ = 0;
};

TEST_F(OpeningStreamsTest, NobodyWaitsForNothing) {
  const OpeningStreams::Opening other(streams_, "other");
  Wait("a");
  EXPECT_EQ(returned_, 1);
}

TEST_F(OpeningStreamsTest, AllWaitUntilTheLastIsOpen) {
  std::optional<OpeningStreams::Opening> first, second;
  first.emplace(streams_, "a");
  second.emplace(streams_, "a");
  Wait("a");
  Wait("a");
  first.reset();
  Run();
  EXPECT_EQ(returned_, 0);
  second.reset();
  Run();
  EXPECT_EQ(returned_, 2);
}

TEST_F(OpeningStreamsTest, WhoIsCancelledWaitsNoMore) {
  const OpeningStreams::Opening opening(streams_, "a");
  Wait("a");
  EXPECT_EQ(returned_, 0);
  cancel_.Request();
  Run();
  EXPECT_EQ(returned_, 1);
  Wait("a");
  EXPECT_EQ(returned_, 2);
}

TEST_F(OpeningStreamsTest, AServerWhoseStreamsBeginLateIsNotWaitedFor) {
  const OpeningStreams::Opening opening(streams_, "a");
  streams_.NoteHead(false);
  Wait("a");
  EXPECT_EQ(returned_, 1);
  streams_.NoteHead(true);
  Wait("a");
  EXPECT_EQ(returned_, 1);
  cancel_.Request();
  Run();
}

}  // namespace
}  // namespace gateway
