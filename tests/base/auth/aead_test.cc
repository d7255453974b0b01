#include "base/auth/aead.h"

#include <gtest/gtest.h>

#include "base/auth/api_key.h"

namespace base::auth {
namespace {

const std::string kOldKey(32, 'o');
const std::string kNewKey(32, 'n');

TEST(AeadTest, WhatIsSealedOpensUnderTheSameContext) {
  Aead aead({kNewKey});
  EXPECT_EQ(aead.Open(aead.Seal("attack at dawn", "letter"), "letter"), "attack at dawn");
}

TEST(AeadTest, NothingSealsAndOpensToo) {
  Aead aead({kNewKey});
  EXPECT_EQ(aead.Open(aead.Seal("", ""), ""), "");
}

TEST(AeadTest, SealingTwiceNeverGivesTheSameBytes) {
  Aead aead({kNewKey});
  EXPECT_NE(aead.Seal("x", "c"), aead.Seal("x", "c"));
}

TEST(AeadTest, DoesNotOpenUnderAnotherContext) {
  Aead aead({kNewKey});
  EXPECT_EQ(aead.Open(aead.Seal("x", "session"), "snapshot"), std::nullopt);
}

TEST(AeadTest, DoesNotOpenWhenAnyOneBitWasChanged) {
  Aead aead({kNewKey});
  const std::string sealed = aead.Seal("attack", "c");
  int opened = 0;
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    opened += aead.Open(changed, "c").has_value();
  }
  EXPECT_EQ(opened, 0);
}

TEST(AeadTest, DoesNotOpenWhatIsTooShort) {
  Aead aead({kNewKey});
  EXPECT_EQ(aead.Open("", "c"), std::nullopt);
  EXPECT_EQ(aead.Open(std::string(27, 'a'), "c"), std::nullopt);
}

TEST(AeadTest, DoesNotOpenWithAnotherKey) {
  Aead ours({kNewKey});
  Aead theirs({kOldKey});
  EXPECT_EQ(theirs.Open(ours.Seal("x", "c"), "c"), std::nullopt);
}

TEST(AeadTest, TheNewestKeySealsAndOlderOnesStillOpen) {
  Aead before({kOldKey});
  Aead after({kNewKey, kOldKey});
  EXPECT_EQ(after.Open(before.Seal("x", "c"), "c"), "x");
  EXPECT_EQ(before.Open(after.Seal("x", "c"), "c"), std::nullopt);
}

TEST(AeadTest, AFailedOpenSpoilsNoLaterOne) {
  Aead aead({kNewKey, kOldKey});
  const std::string sealed = aead.Seal("x", "c");
  EXPECT_EQ(aead.Open(sealed, "d"), std::nullopt);
  EXPECT_EQ(aead.Open(sealed, "c"), "x");
}

}  // namespace
}  // namespace base::auth
