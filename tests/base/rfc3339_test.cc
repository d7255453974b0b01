#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Rfc3339Test, WritesUtcWithMilliseconds) {
  EXPECT_EQ(FormatRfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatRfc3339(1'795'381'445'120), "2026-11-22T21:04:05.120Z");
}

TEST(Rfc3339Test, ReadsWhatItWrote) {
  EXPECT_EQ(ParseRfc3339(FormatRfc3339(1'795'381'445'120)), 1'795'381'445'120);
}

TEST(Rfc3339Test, ReadsOffsetsAndOtherDecimals) {
  EXPECT_EQ(ParseRfc3339("1970-01-01T02:00:00+02:00"), 0);
  EXPECT_EQ(ParseRfc3339("1969-12-31T23:30:00-00:30"), 0);
  EXPECT_EQ(ParseRfc3339("1970-01-01T00:00:00.5Z"), 500);
  EXPECT_EQ(ParseRfc3339("1970-01-01T00:00:00.123456789Z"), 123);
}

TEST(Rfc3339Test, RefusesWhatIsNoTime) {
  EXPECT_FALSE(ParseRfc3339(""));
  EXPECT_FALSE(ParseRfc3339("yesterday"));
  EXPECT_FALSE(ParseRfc3339("2026-02-30T00:00:00Z"));
  EXPECT_FALSE(ParseRfc3339("2026-01-01T24:00:00Z"));
  EXPECT_FALSE(ParseRfc3339("2026-01-01T00:00:00"));
  EXPECT_FALSE(ParseRfc3339("2026-01-01T00:00:00Zx"));
  EXPECT_FALSE(ParseRfc3339("2026-01-01"));
}

}  // namespace
}  // namespace base
