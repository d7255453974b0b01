#include "base/auth/sealed_box.h"

#include <gtest/gtest.h>

namespace base::auth {
namespace {

TEST(SealedBoxTest, OnlyTheRecipientOpensIt) {
  const BoxKeyPair gateway = GenerateBoxKeyPair();
  const BoxKeyPair stranger = GenerateBoxKeyPair();
  const SealedBox box = *SealTo(gateway.public_key, "credential");
  EXPECT_EQ(*OpenBox(gateway, box), "credential");
  EXPECT_EQ(OpenBox(stranger, box).error().code, Code::kInvalidArgument);
}

TEST(SealedBoxTest, APairIsMadeAgainFromItsPrivateKey) {
  const BoxKeyPair pair = GenerateBoxKeyPair();
  EXPECT_EQ(BoxKeyPairFromPrivate(pair.private_key)->public_key, pair.public_key);
  EXPECT_FALSE(BoxKeyPairFromPrivate("short").has_value());
}

TEST(SealedBoxTest, EachBoxHasAKeyOfItsOwn) {
  const BoxKeyPair gateway = GenerateBoxKeyPair();
  EXPECT_NE(SealTo(gateway.public_key, "x")->ephemeral_public_key,
            SealTo(gateway.public_key, "x")->ephemeral_public_key);
}

TEST(SealedBoxTest, AChangedPartDoesNotOpen) {
  const BoxKeyPair gateway = GenerateBoxKeyPair();
  const SealedBox box = *SealTo(gateway.public_key, "credential");
  SealedBox other_text = box;
  other_text.ciphertext.back() = static_cast<char>(other_text.ciphertext.back() ^ 1);
  SealedBox other_nonce = box;
  other_nonce.nonce[0] = static_cast<char>(other_nonce.nonce[0] ^ 1);
  SealedBox other_ephemeral = box;
  other_ephemeral.ephemeral_public_key = GenerateBoxKeyPair().public_key;
  EXPECT_FALSE(OpenBox(gateway, other_text).has_value());
  EXPECT_FALSE(OpenBox(gateway, other_nonce).has_value());
  EXPECT_FALSE(OpenBox(gateway, other_ephemeral).has_value());
}

TEST(SealedBoxTest, WhatIsNoKeyIsRefused) {
  EXPECT_EQ(SealTo("short", "x").error().code, Code::kInvalidArgument);
}

TEST(SealedBoxTest, APointOfLowOrderIsRefused) {
  const std::string zero(32, '\0');
  EXPECT_EQ(SealTo(zero, "x").error().code, Code::kInvalidArgument);
  SealedBox box{zero, std::string(12, 'n'), std::string(32, 'c')};
  EXPECT_FALSE(OpenBox(GenerateBoxKeyPair(), box).has_value());
}

TEST(SealedBoxTest, MalformedBoxesDoNotOpen) {
  const BoxKeyPair gateway = GenerateBoxKeyPair();
  EXPECT_FALSE(OpenBox(gateway, SealedBox{}).has_value());
  SealedBox cut = *SealTo(gateway.public_key, "x");
  cut.ciphertext.clear();
  EXPECT_FALSE(OpenBox(gateway, cut).has_value());
}

}  // namespace
}  // namespace base::auth
