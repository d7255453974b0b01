#include "gateway/state/result_cache.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

#include "gateway/state/schema_cache.h"
#include "tests/support/fake_clock.h"
#include "tests/support/loop_thread.h"

namespace gateway::state {
namespace {

using std::chrono::seconds;
using Asking = ResultCache::Asking;
using Flight = std::shared_ptr<ResultCache::Flight>;

class ResultCacheTest : public testing::Test {
 protected:
  ResultCache::Pointer Make(std::string result, seconds good_for = seconds(60)) {
    auto kept = std::make_shared<ResultCache::Kept>();
    kept->result = std::move(result);
    kept->since = clock_.Now();
    kept->until = clock_.Now() + good_for;
    return kept;
  }

  support::FakeClock clock_;
  ResultCache cache_{clock_, 64 * 1024};
};

TEST_F(ResultCacheTest, AnAnswerIsThereUntilItsTimeIsOver) {
  cache_.Keep("a", Make("1", seconds(60)), cache_.purges());
  clock_.Advance(seconds(59));
  ASSERT_TRUE(cache_.Find("a"));
  clock_.Advance(seconds(1));
  EXPECT_FALSE(cache_.Find("a"));
  EXPECT_EQ(cache_.bytes(), 0u);
}

TEST_F(ResultCacheTest, ANewAnswerTakesTheOldOnesPlace) {
  cache_.Keep("a", Make("1"), cache_.purges());
  const std::size_t before = cache_.bytes();
  cache_.Keep("a", Make("2"), cache_.purges());
  EXPECT_EQ(cache_.Find("a")->result, "2");
  EXPECT_EQ(cache_.bytes(), before);
  cache_.Clear();
  EXPECT_FALSE(cache_.Find("a"));
}

TEST_F(ResultCacheTest, ItNeverHoldsMoreThanItMay) {
  for (int i = 0; i < 1000; ++i) {
    cache_.Keep("key " + std::to_string(i), Make(std::string(500, 'x')), cache_.purges());
    ASSERT_LE(cache_.bytes(), 64u * 1024);
  }
  EXPECT_TRUE(cache_.Find("key 999"));
  EXPECT_FALSE(cache_.Find("key 0"));
  cache_.Keep("too long", Make(std::string(9 * 1024, 'x')), cache_.purges());
  EXPECT_FALSE(cache_.Find("too long"));
}

TEST_F(ResultCacheTest, WhatIsUsedStaysAndTheLongestUnusedGoes) {
  cache_.Keep("used", Make("1"), cache_.purges());
  for (int i = 0; i < 1000; ++i) {
    cache_.Keep("key " + std::to_string(i), Make(std::string(500, 'x')), cache_.purges());
    ASSERT_TRUE(cache_.Find("used"));
  }
}

TEST_F(ResultCacheTest, ForgetsWhatIsKeptOfAServerOrOfOneItem) {
  auto of = [this](const char* server, const char* item) {
    auto kept = std::make_shared<ResultCache::Kept>(*Make("1"));
    kept->server = server;
    kept->item = item;
    cache_.Keep(std::string(server) + item, std::move(kept), cache_.purges());
  };
  of("local/geo", "find");
  of("local/geo", "tools/list");
  of("local/pay", "find");
  cache_.Forget("local/geo", "find");
  EXPECT_FALSE(cache_.Find("local/geofind"));
  EXPECT_TRUE(cache_.Find("local/geotools/list"));
  cache_.Forget("", "find");
  EXPECT_FALSE(cache_.Find("local/payfind"));
  cache_.Forget("local/geo", "");
  EXPECT_FALSE(cache_.Find("local/geotools/list"));
  EXPECT_EQ(cache_.bytes(), 0);
}

TEST_F(ResultCacheTest, WhatWasAskedForBeforeItWasForgottenIsNotKept) {
  const std::uint64_t asked_at = cache_.purges();
  auto before = cache_.Join("q");
  cache_.Forget("", "");
  cache_.Keep("q", Make("1"), asked_at);
  EXPECT_FALSE(cache_.Find("q"));
  auto after = cache_.Join("q");
  EXPECT_TRUE(std::holds_alternative<Asking>(after)) << "the answer on its way is an old one";
  std::get<Asking>(before).Answer(Make("1"));
  EXPECT_TRUE(std::holds_alternative<Flight>(cache_.Join("q")));
  std::get<Asking>(after).Decline();
}

TEST_F(ResultCacheTest, OneAsksAndTheOthersHaveItsAnswer) {
  test_support::LoopThread thread;
  base::CancelSignal cancel;
  auto first = cache_.Join("q");
  auto second = cache_.Join("q");
  ASSERT_TRUE(std::holds_alternative<Asking>(first));
  ASSERT_TRUE(std::holds_alternative<Flight>(second));
  ResultCache::Outcome outcome;
  auto waited = thread.Spawn([&]() -> base::Task<> {
    outcome = co_await ResultCache::Wait(std::get<Flight>(second), thread.loop(), cancel);
  });
  std::get<Asking>(first).Answer(Make("42"));
  waited.wait();
  EXPECT_EQ(outcome.waited, ResultCache::Waited::kAnswered);
  EXPECT_EQ(outcome.kept->result, "42");
  EXPECT_TRUE(std::holds_alternative<Asking>(cache_.Join("q")));
}

TEST_F(ResultCacheTest, WhenWhoAsksIsGoneAnotherIsToldToAsk) {
  test_support::LoopThread thread;
  base::CancelSignal cancel;
  auto first = std::make_optional(cache_.Join("q"));
  auto second = cache_.Join("q");
  ResultCache::Outcome outcome;
  auto waited = thread.Spawn([&]() -> base::Task<> {
    outcome = co_await ResultCache::Wait(std::get<Flight>(second), thread.loop(), cancel);
  });
  first.reset();
  waited.wait();
  EXPECT_EQ(outcome.waited, ResultCache::Waited::kDropped);
  EXPECT_TRUE(std::holds_alternative<Asking>(cache_.Join("q")));
}

TEST_F(ResultCacheTest, WhoWaitsCanBeCancelled) {
  test_support::LoopThread thread;
  base::CancelSignal cancel;
  auto first = cache_.Join("q");
  auto second = cache_.Join("q");
  ResultCache::Outcome outcome;
  auto waited = thread.Spawn([&]() -> base::Task<> {
    outcome = co_await ResultCache::Wait(std::get<Flight>(second), thread.loop(), cancel);
  });
  thread.Do([&] { cancel.Request(); });
  waited.wait();
  EXPECT_EQ(outcome.waited, ResultCache::Waited::kCancelled);
  std::get<Asking>(first).Decline();
}

TEST_F(ResultCacheTest, ManyThreadsAskEachQuestionOnceAtATime) {
  std::atomic<int> asking = 0, most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        auto joined = cache_.Join("q");
        if (auto* mine = std::get_if<Asking>(&joined)) {
          int now = ++asking;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          cache_.Keep("q", Make("x"), cache_.purges());
          --asking;
          mine->Answer(nullptr);
        }
        cache_.Find("q");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
}

TEST(SchemaCacheTest, ASchemaIsCompiledOnceForEqualTexts) {
  SchemaCache schemas;
  const std::string text = R"({"type":"object","required":["a"]})";
  const SchemaCache::Pointer first = schemas.Find(text);
  ASSERT_TRUE(first->schema);
  EXPECT_EQ(schemas.Find(std::string(text)), first);
  EXPECT_EQ(schemas.bytes(), text.size());
}

TEST(SchemaCacheTest, WhatCannotBeCompiledSaysWhyAndIsNotTriedAgain) {
  SchemaCache schemas;
  const SchemaCache::Pointer broken = schemas.Find(R"({"$ref":"#/$defs/none"})");
  EXPECT_FALSE(broken->schema);
  EXPECT_NE(broken->error, "");
  EXPECT_EQ(schemas.Find(R"({"$ref":"#/$defs/none"})"), broken);
  EXPECT_EQ(schemas.Find(std::string(300 * 1024, ' '))->error, "longer than 262144 bytes");
}

TEST(SchemaCacheTest, ItNeverHoldsMoreThanItMay) {
  SchemaCache schemas(8 * 1024);
  for (int i = 0; i < 500; ++i) {
    schemas.Find(R"({"title":")" + std::to_string(i) + std::string(200, 'x') + "\"}");
    ASSERT_LE(schemas.bytes(), 8u * 1024);
  }
}

}  // namespace
}  // namespace gateway::state
