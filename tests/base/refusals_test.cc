#include "base/refusals.h"

#include <gtest/gtest.h>

namespace base {
namespace {

constexpr std::int64_t kMinute = 60'000;
using Which = Refusals::Which;

Refusal Of(std::string_view principal, std::string_view item, std::string_view id) {
  return {principal, "api_key", "192.0.2.7", "local/a", item, "base#burst", id};
}

TEST(RefusalsTest, CountsWhatDiffersInNothingButItsRequest) {
  Refusals refusals;
  refusals.Note(Of("consumer/a", "echo", "1"), kMinute + 1);
  refusals.Note(Of("consumer/a", "echo", "2"), kMinute + 2);
  refusals.Note(Of("consumer/a", "echo", "3"), kMinute + 59'999);
  refusals.Note(Of("consumer/a", "add", "4"), kMinute + 5);
  EXPECT_FALSE(refusals.due(2 * kMinute - 1));
  EXPECT_TRUE(refusals.Take(Which::kOver, 2 * kMinute - 1).empty());
  EXPECT_TRUE(refusals.due(2 * kMinute));
  const auto counts = refusals.Take(Which::kOver, 2 * kMinute);
  ASSERT_EQ(counts.size(), 2u);
  const RefusalCount& echo = counts[0].item == "echo" ? counts[0] : counts[1];
  EXPECT_EQ(echo.count, 3);
  EXPECT_EQ(echo.first_request_id, "1");
  EXPECT_EQ(echo.last_request_id, "3");
  EXPECT_EQ(echo.minute_ms, kMinute);
  EXPECT_EQ(echo.rule, "base#burst");
  EXPECT_FALSE(refusals.due(3 * kMinute));
}

TEST(RefusalsTest, AnotherMinuteIsAnotherCount) {
  Refusals refusals;
  refusals.Note(Of("a", "echo", "1"), kMinute);
  refusals.Note(Of("a", "echo", "2"), 2 * kMinute);
  EXPECT_EQ(refusals.Take(Which::kOver, 2 * kMinute).size(), 1u);
  EXPECT_EQ(refusals.Take(Which::kAll, 2 * kMinute).size(), 1u);
}

TEST(RefusalsTest, ManyDistinctOnesAreCountedTogetherAndNoneIsLost) {
  Refusals refusals(3);
  for (int i = 0; i < 100; ++i) refusals.Note(Of("p" + std::to_string(i), "echo", "id"), kMinute);
  const auto counts = refusals.Take(Which::kAll, kMinute);
  EXPECT_EQ(counts.size(), 4u);
  std::int64_t sum = 0, together = 0;
  for (const RefusalCount& count : counts) {
    sum += count.count;
    if (count.rule == Refusals::kTooMany) together = count.count;
  }
  EXPECT_EQ(sum, 100);
  EXPECT_EQ(together, 97);
}

TEST(RefusalsTest, WhatNobodyTakesIsBoundedAndCounted) {
  Refusals refusals(2000);
  for (int minute = 1; minute <= 10; ++minute) {
    for (int i = 0; i < 1500; ++i)
      refusals.Note(Of("p" + std::to_string(i), "echo", "id"), minute * kMinute);
  }
  std::int64_t sum = 0;
  std::size_t entries = 0;
  for (;;) {
    const auto counts = refusals.Take(Which::kAll, 11 * kMinute);
    if (counts.empty()) break;
    EXPECT_LE(counts.size(), 1000u);
    entries += counts.size();
    for (const RefusalCount& count : counts) sum += count.count;
  }
  EXPECT_EQ(entries, 10'000u);
  EXPECT_EQ(sum, 15'000);
}

TEST(RefusalsTest, AClockThatJumpsBackLosesNothing) {
  Refusals refusals;
  refusals.Note(Of("a", "echo", "1"), 10 * kMinute);
  refusals.Note(Of("a", "echo", "2"), 2 * kMinute);
  EXPECT_EQ(refusals.Take(Which::kAll, 2 * kMinute).size(), 2u);
}

}  // namespace
}  // namespace base
