#include "mcp/legacy/session_token.h"

#include <gtest/gtest.h>

#include <string>

namespace mcp::legacy {
namespace {

class SessionTokenTest : public ::testing::Test {
 protected:
  static SessionToken Token() {
    SessionToken token;
    token.id = NewSessionId();
    token.principal = "consumer/alice";
    token.endpoint = "weather";
    token.gateway = "gw-1";
    token.worker = 300;
    token.revision = Revision::k2025_06_18;
    token.issued_unix_ms = 1'800'000'000'000;
    token.client_name = "probe";
    token.client_version = "1.2";
    token.server_session = std::string("a\0b", 3);
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

TEST_F(SessionTokenTest, CutsEndlessClientNames) {
  SessionToken token = Token();
  token.client_name = std::string(100'000, 'x');
  const std::string text = Seal(keys, token);
  EXPECT_LT(text.size(), 500u);
  EXPECT_EQ(Open(keys, text, token.issued_unix_ms)->client_name.size(), 64u);
}

}  // namespace
}  // namespace mcp::legacy
