#include "base/auth/sealed_stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace base::auth {
namespace {

using Place = StreamSealer::Place;

class SealedStreamTest : public ::testing::Test {
 protected:
  StreamOpener Opener(std::string_view passphrase = "correct horse") {
    return *StreamOpener::Begin(passphrase, sealer_.header());
  }

  StreamSealer sealer_{"correct horse"};
  const std::string first_ = sealer_.Seal(std::string(kStreamChunkBytes, 'a'), Place::kMiddle);
  const std::string last_ = sealer_.Seal("the end", Place::kLast);
};

TEST_F(SealedStreamTest, GivesBackWhatWasSealed) {
  StreamOpener opener = Opener();
  EXPECT_EQ(*opener.Open(first_, Place::kMiddle), std::string(kStreamChunkBytes, 'a'));
  EXPECT_EQ(*opener.Open(last_, Place::kLast), "the end");
  EXPECT_EQ(StreamSealer::SealedBytes(kStreamChunkBytes + 7),
            sealer_.header().size() + first_.size() + last_.size());
}

TEST_F(SealedStreamTest, AWrongPassphraseAnAlteredByteAndAnotherHeaderDoNotOpen) {
  EXPECT_EQ(Opener("wrong").Open(first_, Place::kMiddle).error().code, Code::kDataLoss);
  std::string altered = first_;
  altered[1000] = static_cast<char>(altered[1000] ^ 1);
  EXPECT_FALSE(Opener().Open(altered, Place::kMiddle));
  EXPECT_FALSE(Opener().Open("short", Place::kLast));
  std::string header = sealer_.header();
  header[0] = static_cast<char>(header[0] ^ 1);
  EXPECT_FALSE(StreamOpener::Begin("correct horse", header)->Open(first_, Place::kMiddle));
}

TEST_F(SealedStreamTest, AChunkThatIsMovedLeftOutOrMadeTheLastDoesNotOpen) {
  EXPECT_FALSE(Opener().Open(last_, Place::kLast));
  EXPECT_FALSE(Opener().Open(first_, Place::kLast));
  StreamOpener twice = Opener();
  ASSERT_TRUE(twice.Open(first_, Place::kMiddle));
  EXPECT_FALSE(twice.Open(first_, Place::kMiddle));
}

TEST_F(SealedStreamTest, AStrangersHeaderDoesNotTakeAllMemory) {
  std::string header = sealer_.header();
  header.back() = 40;
  EXPECT_EQ(StreamOpener::Begin("x", header).error().code, Code::kInvalidArgument);
  EXPECT_EQ(StreamOpener::Begin("x", "short").error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace base::auth
