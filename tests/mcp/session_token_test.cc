#include "mcp/legacy/session_token.h"

#include <gtest/gtest.h>

#include <string>

namespace mcp::legacy {
namespace {

class SessionTokenTest : public ::testing::Test {
 protected:
  static SessionToken Token() {
    SessionToken token;
    token.id = "0123456789abcdef";
    token.principal = "consumer/alice";
    token.endpoint = "weather";
    token.revision = Revision::k2025_06_18;
    token.issued_unix_ms = 1'800'000'000'000;
    token.client_info = R"({"name":"probe","version":"1.2"})";
    token.client_capabilities = R"({"sampling":{}})";
    return token;
  }
  base::auth::Aead keys{{std::string(32, 'n'), std::string(32, 'o')}};
};

TEST_F(SessionTokenTest, OpensToWhatWasSealed) {
  const SessionToken token = Token();
  const std::string text = Seal(keys, token);
  const base::Result<SessionToken> opened = Open(keys, text, token.issued_unix_ms + 1000);
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, token);
}

TEST_F(SessionTokenTest, IsVisibleAscii) {
  for (const char c : Seal(keys, Token())) EXPECT_TRUE(c > 0x20 && c < 0x7F);
}

TEST_F(SessionTokenTest, DiesAfterADay) {
  const SessionToken token = Token();
  const std::string text = Seal(keys, token);
  EXPECT_TRUE(Open(keys, text, token.issued_unix_ms + kTokenLifeMs));
  EXPECT_FALSE(Open(keys, text, token.issued_unix_ms + kTokenLifeMs + 1));
}

TEST_F(SessionTokenTest, SurvivesANewKeyInTheRing) {
  base::auth::Aead old_ring({std::string(32, 'o')});
  const SessionToken token = Token();
  EXPECT_TRUE(Open(keys, Seal(old_ring, token), token.issued_unix_ms));
  EXPECT_FALSE(Open(old_ring, Seal(keys, token), token.issued_unix_ms));
}

TEST_F(SessionTokenTest, CannotBeChangedOrMade) {
  const SessionToken token = Token();
  const std::string text = Seal(keys, token);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(Open(keys, changed, token.issued_unix_ms)) << i;
    EXPECT_FALSE(Open(keys, text.substr(0, i), token.issued_unix_ms)) << i;
  }
  EXPECT_FALSE(Open(keys, "", token.issued_unix_ms));
  EXPECT_FALSE(Open(keys, "not base64!", token.issued_unix_ms));
  EXPECT_FALSE(Open(keys, std::string(100'000, 'A'), token.issued_unix_ms));
}

TEST_F(SessionTokenTest, CarriesWhatTheCallerSaysOfItself) {
  const std::string info = R"({"name":"probe","title":"Probe","version":"1"})";
  const std::string capabilities = R"({"sampling":{"tools":{}},"x":{"y":[1]}})";
  const SessionToken token =
      NewToken("p", "e", Revision::k2025_11_25, info, capabilities, 1'800'000'000'000);
  const CallerSession::Facts facts = FactsOf(*Open(keys, Seal(keys, token), token.issued_unix_ms));
  EXPECT_EQ(facts.client_info, info);
  EXPECT_EQ(facts.client_capabilities, capabilities);
  EXPECT_EQ(facts.client_name, "probe");
  EXPECT_EQ(facts.client_version, "1");
}

TEST_F(SessionTokenTest, ShortensACallerThatSaysTooMuch) {
  // 21 two-byte characters and a cut in the middle of one more.
  std::string name = "x";
  for (int i = 0; i < 1000; ++i) name += "\xC3\xA9";
  const std::string info = R"({"name":")" + name + R"(","version":"1"})";
  const std::string capabilities = R"({"roots":{"listChanged":true},"elicitation":{"form":")" +
                                   std::string(9000, 'x') + R"("},"z":1})";
  const SessionToken token =
      NewToken("p", "e", Revision::k2025_11_25, info, capabilities, 1'800'000'000'000);
  const std::string text = Seal(keys, token);
  EXPECT_LT(text.size(), 500u);
  const CallerSession::Facts facts = FactsOf(*Open(keys, text, token.issued_unix_ms));
  EXPECT_EQ(facts.client_name.size(), 63u);
  EXPECT_EQ(facts.client_version, "1");
  EXPECT_EQ(facts.client_capabilities, R"({"roots":{"listChanged":true},"elicitation":{}})");
}

}  // namespace
}  // namespace mcp::legacy
