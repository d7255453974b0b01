#include "base/auth/api_key.h"

#include <gtest/gtest.h>

namespace base::auth {
namespace {

TEST(ApiKeyTest, AMadeKeyNamesItsIdAndIsKnownByItsHash) {
  const NewKey made = GenerateKey();
  EXPECT_EQ(KeyId(made.key), made.id);
  EXPECT_EQ(made.id.size(), 12u);
  EXPECT_EQ(made.key.size(), 4 + 12 + 1 + 43u);
  EXPECT_TRUE(ConstantTimeEquals(HashKey(made.key), made.sha256));
}

TEST(ApiKeyTest, TwoKeysDiffer) { EXPECT_NE(GenerateKey().key, GenerateKey().key); }

TEST(ApiKeyTest, MalformedKeysHaveNoId) {
  const std::string secret(43, 'A');
  EXPECT_EQ(KeyId(""), std::nullopt);
  EXPECT_EQ(KeyId("ptk_"), std::nullopt);
  EXPECT_EQ(KeyId("ptk_abcdefabcdef_" + secret + "A"), std::nullopt);
  EXPECT_EQ(KeyId("ptk_abcdefabcdef-" + secret), std::nullopt);
  EXPECT_EQ(KeyId("ptk_ABCDEFABCDEF_" + secret), std::nullopt);
  EXPECT_EQ(KeyId("PTK_abcdefabcdef_" + secret), std::nullopt);
  EXPECT_EQ(KeyId("ptk_abcdefabcdef_" + secret.substr(1) + "="), std::nullopt);
  EXPECT_EQ(KeyId("ptk_abcdefabcdef_" + secret), "abcdefabcdef");
}

TEST(ApiKeyTest, Base64UrlKnowsTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64UrlEncode(""), "");
  EXPECT_EQ(Base64UrlEncode("f"), "Zg");
  EXPECT_EQ(Base64UrlEncode("fo"), "Zm8");
  EXPECT_EQ(Base64UrlEncode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64UrlEncode("\xff\xef"), "_-8");
  EXPECT_EQ(Base64UrlDecode("_-8"), "\xff\xef");
  EXPECT_EQ(Base64UrlDecode("Zm9vYmFy"), "foobar");
}

TEST(ApiKeyTest, Base64UrlTakesOneSpellingOnly) {
  EXPECT_EQ(Base64UrlDecode("Zg=="), std::nullopt);
  EXPECT_EQ(Base64UrlDecode("Zh"), std::nullopt);
  EXPECT_EQ(Base64UrlDecode("Z"), std::nullopt);
  EXPECT_EQ(Base64UrlDecode("Z+8"), std::nullopt);
}

TEST(ApiKeyTest, HashesAreSha256) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ApiKeyTest, ComparesBytesAndLengths) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_FALSE(ConstantTimeEquals("a", "b"));
  EXPECT_FALSE(ConstantTimeEquals("a", "aa"));
}

TEST(ApiKeyTest, ComparesEachByteOfWhatIsLongerThanAWord) {
  const std::string text(19, 'x');
  EXPECT_TRUE(ConstantTimeEquals(text, std::string(19, 'x')));
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string other = text;
    other[at] = 'y';
    EXPECT_FALSE(ConstantTimeEquals(text, other)) << at;
  }
}

}  // namespace
}  // namespace base::auth
