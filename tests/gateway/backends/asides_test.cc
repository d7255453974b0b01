#include "gateway/backends/asides.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

using Verdict = Asides::Verdict;

Verdict Add(Asides& asides, std::string message) { return asides.Add(message); }

// As many as may be on their way.
void Fill(Asides& asides) {
  for (std::size_t i = 0; i < Asides::kAtOnce; ++i) Add(asides, "x");
}

TEST(AsidesTest, WhatIsTooMuchAtOnceWaitsInOrder) {
  Asides asides;
  Fill(asides);
  EXPECT_EQ(Add(asides, "first"), Verdict::kWaits);
  EXPECT_EQ(Add(asides, "second"), Verdict::kWaits);
  EXPECT_EQ(asides.Sent(), "first");
  EXPECT_EQ(asides.Sent(), "second");
  EXPECT_EQ(asides.Sent(), std::nullopt);
  EXPECT_EQ(Add(asides, "third"), Verdict::kSend);
}

TEST(AsidesTest, WhatIsTooMuchToWaitIsRefusedAndComplainedOfOnce) {
  Asides asides;
  Fill(asides);
  for (std::size_t i = 0; i < Asides::kMaxWaiting; ++i) Add(asides, "y");
  EXPECT_FALSE(asides.TakeComplaint());
  EXPECT_EQ(Add(asides, "more"), Verdict::kRefused);
  EXPECT_TRUE(asides.TakeComplaint());
  EXPECT_EQ(Add(asides, "more"), Verdict::kRefused);
  EXPECT_FALSE(asides.TakeComplaint());
}

TEST(AsidesTest, BytesThatWaitAreBoundedButOneLongMessageMayAlways) {
  Asides asides;
  Fill(asides);
  EXPECT_EQ(Add(asides, std::string(2 * Asides::kMaxWaitingBytes, 'z')), Verdict::kWaits);
  EXPECT_EQ(Add(asides, "z"), Verdict::kRefused);
}

}  // namespace
}  // namespace gateway
