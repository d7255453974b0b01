#include "gateway/routing/sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <thread>

#include "mcp/legacy/call_stream.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using mcp::legacy::CallerSession;
using mcp::legacy::SessionPointer;

constexpr const char* kInfo = R"({"name":"probe","version":"1"})";
constexpr const char* kCapabilities = R"({"sampling":{}})";

// What one process has.
struct Process {
  explicit Process(std::vector<std::string> ring)
      : sessions(std::move(ring), table, ended, clock) {}
  base::SystemClock clock;
  mcp::legacy::SessionTable table{clock};
  state::EndedSessions ended;
  Sessions sessions;
  Sessions::OfEndpoint endpoint{sessions, "weather"};
};

class SessionsTest : public ::testing::Test {
 protected:
  std::string Open(Process& process) {
    return process.endpoint.Open(principal, mcp::Revision::k2025_11_25, kInfo, kCapabilities);
  }
  base::auth::Principal principal;
  const std::string old_key = std::string(32, 'o');
  const std::string new_key = std::string(32, 'n');
};

TEST_F(SessionsTest, ARestartedGatewayAdoptsASessionWithWhatItsCallerCanDo) {
  Process before({old_key});
  const std::string id = Open(before);
  Process after({old_key});
  const auto session = after.endpoint.Find(id, principal);
  ASSERT_TRUE(session);
  EXPECT_EQ((*session)->facts().client_capabilities, kCapabilities);
  EXPECT_EQ((*session)->facts().client_name, "probe");
  EXPECT_EQ((*session)->facts().key, (*before.endpoint.Find(id, principal))->facts().key);
}

TEST_F(SessionsTest, ASessionOutlivesTheKeyItWasSealedWithAsLongAsTheRingHasIt) {
  Process process({old_key});
  const std::string id = Open(process);
  process.sessions.SetKeyRing({new_key, old_key});
  EXPECT_TRUE(process.endpoint.Find(id, principal));
  EXPECT_TRUE(Process({new_key, old_key}).endpoint.Find(id, principal));
  EXPECT_FALSE(Process({new_key}).endpoint.Find(id, principal));
}

TEST_F(SessionsTest, AFlippedBitAnotherPrincipalAndAnotherEndpointAreNotFound) {
  Process process({old_key});
  std::string id = Open(process);
  EXPECT_TRUE(process.endpoint.Find(id, principal));
  base::auth::Principal other;
  other.id = "consumer/mallory";
  EXPECT_EQ(process.endpoint.Find(id, other).error().code, base::Code::kNotFound);
  Sessions::OfEndpoint elsewhere(process.sessions, "news");
  EXPECT_EQ(elsewhere.Find(id, principal).error().code, base::Code::kNotFound);
  id[20] = id[20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(process.endpoint.Find(id, principal).error().code, base::Code::kNotFound);
}

TEST_F(SessionsTest, AnEndedSessionStaysEndedAndItsServersHearOfIt) {
  Process process({old_key});
  std::string ended;
  process.sessions.OnEnd([&](std::string_view key) { ended = key; });
  const std::string id = Open(process);
  const std::string key = (*process.endpoint.Find(id, principal))->facts().key;
  EXPECT_TRUE(process.endpoint.Close(id, principal));
  EXPECT_EQ(ended, key);
  EXPECT_FALSE(process.endpoint.Find(id, principal));
  EXPECT_FALSE(process.endpoint.Close(id, principal));
}

TEST_F(SessionsTest, OfAPrincipalWithTooManyTheLeastUsedGoAndThoseInUseStay) {
  base::SystemClock clock;
  mcp::legacy::SessionTable table(clock, 10);
  CallerSession::Facts facts;
  facts.principal = "consumer/alice";
  std::vector<SessionPointer> used;
  for (int i = 0; i < 10; ++i) used.push_back(*table.Adopt("u" + std::to_string(i), facts));
  EXPECT_EQ(table.Adopt("more", facts).error().code, base::Code::kResourceExhausted);
  used.pop_back();
  EXPECT_TRUE(table.Adopt("more", facts));
  EXPECT_FALSE(table.Find("u9"));
  EXPECT_TRUE(table.Find("u0"));
  facts.principal = "anonymous";
  facts.anonymous = true;
  for (int i = 0; i < 20; ++i) {
    used.push_back(*table.Adopt("a" + std::to_string(i), facts));
    EXPECT_TRUE(used.back());
  }
}

// ---- Across workers: two loops, each on its own thread (and under ThreadSanitizer).

class AcrossWorkersTest : public SessionsTest {
 protected:
  struct Worker {
    Worker() : guard(loop.io.get_executor()), thread([this] { loop.io.run(); }) {}
    ~Worker() {
      guard.reset();
      thread.join();
    }
    base::Loop loop;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard;
    std::thread thread;
  };
  // Hands each question to another worker, which answers it.
  class Answering final : public mcp::Client {
   public:
    Answering(SessionPointer session, base::Loop& other)
        : session_(std::move(session)), other_(other) {}
    base::Task<base::Result<void>> Notify(std::string_view message) override {
      const auto envelope = mcp::Scan(message);
      std::string id(envelope->id.of(message));
      other_.Post([session = session_, id = std::move(id)] {
        EXPECT_TRUE(session->Answer(id, R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})"));
      });
      co_return base::Result<void>();
    }
    base::Task<base::Result<void>> Relay(mcp::Source&) override { co_return base::Result<void>(); }

   private:
    const SessionPointer session_;
    base::Loop& other_;
  };
  static base::Task<void> AskManyTimes(SessionPointer session, base::Loop& loop, base::Loop& other,
                                       std::atomic<int>& answered) {
    Answering client(session, other);
    base::CancelSignal never;
    for (int i = 0; i < 200; ++i) {
      const auto answer = co_await mcp::legacy::AskCaller(
          *session, loop, never, client, R"({"jsonrpc":"2.0","id":"x","method":"ping"})", never);
      if (answer && mcp::Member(*answer, "id") == "\"x\"") answered.fetch_add(1);
    }
    answered.notify_all();
  }
  static base::Task<void> RunUntilCancelled(SessionPointer session, base::Loop& loop,
                                            std::string id, std::atomic<int>& running,
                                            std::atomic<int>& cancelled) {
    base::CancelSignal cancel;
    CallerSession::Running call(*session, id, loop, cancel);
    running.fetch_add(1);
    running.notify_all();
    (void)co_await loop.timers.Sleep(std::chrono::seconds(60), cancel);
    if (call.cancelled()) cancelled.fetch_add(1);
    cancelled.notify_all();
  }
  static void WaitFor(std::atomic<int>& count, int wanted) {
    for (int now = count; now < wanted; now = count) count.wait(now);
  }
};

TEST_F(AcrossWorkersTest, AQuestionAskedOnOneIsAnsweredOnAnother) {
  Process process({old_key});
  const SessionPointer session = *process.endpoint.Find(Open(process), principal);
  std::atomic<int> answered = 0;
  Worker one, two;
  one.loop.Post([&] { base::Spawn(AskManyTimes(session, one.loop, two.loop, answered)); });
  two.loop.Post([&] { base::Spawn(AskManyTimes(session, two.loop, one.loop, answered)); });
  WaitFor(answered, 400);
}

TEST_F(AcrossWorkersTest, ACallIsCancelledFromAnotherAndByTheEndOfItsSession) {
  Process process({old_key});
  const SessionPointer session = *process.endpoint.Find(Open(process), principal);
  std::atomic<int> running = 0, cancelled = 0;
  Worker one, two;
  for (int i = 0; i < 50; ++i) {
    Worker& home = i % 2 ? one : two;
    home.loop.Post([&, i] {
      base::Spawn(RunUntilCancelled(session, home.loop, std::to_string(i), running, cancelled));
    });
  }
  WaitFor(running, 50);
  for (int i = 0; i < 25; ++i) {
    one.loop.Post([&, i] { CallerSession::Cancel(session, std::to_string(i)); });
  }
  WaitFor(cancelled, 25);
  EXPECT_EQ(cancelled, 25);
  CallerSession::End(session);
  WaitFor(cancelled, 50);
}

TEST_F(AcrossWorkersTest, AStreamIsFollowedOnAnotherWithoutALoss) {
  Process process({old_key});
  const SessionPointer session = *process.endpoint.Find(Open(process), principal);
  const auto log = session->OpenLog("1");
  log->Detach();
  std::atomic<int> heard = 0;
  Worker one, two;
  const auto speak = [](std::shared_ptr<mcp::legacy::EventLog> to,
                        base::Loop& loop) -> base::Task<void> {
    base::CancelSignal never;
    const std::string message(1000, '7');
    for (int i = 0; i < 5'000; ++i) {
      co_await to->Room(loop, never);
      to->Add(message, false, nullptr);
    }
    to->End();
  };
  const auto follow = [](std::shared_ptr<mcp::legacy::EventLog> from, base::Loop& loop,
                         std::atomic<int>& events) -> base::Task<void> {
    base::CancelSignal never;
    mcp::legacy::EventLog::Follower follower(*from, loop, 0);
    for (;;) {
      const auto taken = follower.Take();
      for (std::size_t at = 0; (at = taken.text.find("data: ", at)) != std::string::npos; ++at)
        events.fetch_add(1);
      events.notify_all();
      if (taken.state == mcp::legacy::EventLog::Follower::State::kEnded) co_return;
      if (taken.text.empty()) (void)co_await follower.bell().Wait(std::chrono::seconds(60), never);
    }
  };
  one.loop.Post([&] { base::Spawn(speak(log, one.loop)); });
  two.loop.Post([&] { base::Spawn(follow(log, two.loop, heard)); });
  WaitFor(heard, 5'000);
  EXPECT_EQ(heard, 5'000);
}

}  // namespace
}  // namespace gateway
