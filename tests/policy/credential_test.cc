#include "policy/credential.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <fstream>
#include <iterator>

#include "tests/support/certificate.h"

namespace policy {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace v1 = portolan::v1;

v1::Credential Read(const std::string& text) {
  v1::Credential credential;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &credential)) << text;
  return credential;
}

std::string KeyOf(const support::Certificate& certificate) {
  std::ifstream in(certificate.files().key_file);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

std::string Refusal(const std::string& text) {
  const auto valid = Validate(Read(text));
  return valid.has_error() ? valid.error().message : "";
}

TEST(CredentialTest, EachKindIsTaken) {
  EXPECT_EQ(Refusal("header { secret { value: 's' } }"), "");
  EXPECT_EQ(Refusal("header { name: 'X-Api-Key' secret { env: 'PORTOLAN_SECRET_GH' } }"), "");
  EXPECT_EQ(Refusal("basic { username: 'ann' password { file: 'ann/password' } }"), "");
  EXPECT_EQ(Refusal("oauth_client_credentials { client { token_url: 'https://as.example/token' "
                    "client_id: 'c' client_secret { value: 's' } } scopes: 'a' }"),
            "");
  EXPECT_EQ(Refusal("token_exchange { client { issuer: 'https://as.example' client_id: 'c' } }"),
            "");
}

TEST(CredentialTest, ACertificateAndItsKeyBelongTogether) {
  const support::Certificate one("DNS:a");
  const support::Certificate other("DNS:b");
  v1::Credential credential;
  credential.mutable_client_certificate()->set_certificate_pem(one.pem());
  v1::Secret& key = *credential.mutable_client_certificate()->mutable_private_key_pem();
  key.set_value(KeyOf(one));
  EXPECT_TRUE(Validate(credential).has_value());
  key.set_value(KeyOf(other));
  EXPECT_THAT(Validate(credential).error().message, HasSubstr("is not that of the certificate"));
  key.set_value("no key");
  EXPECT_THAT(Validate(credential).error().message, HasSubstr("/spec/client_certificate: "));
  key.set_value("***");
  EXPECT_TRUE(Validate(credential).has_value());
}

TEST(CredentialTest, WithoutAKindItIsNone) { EXPECT_THAT(Refusal(""), HasSubstr("/spec: ")); }

TEST(CredentialTest, HeadersOfTheProtocolBelongToNoCredential) {
  for (const char* name : {"Host", "mcp-session-id", "Content-Length", "transfer-encoding"}) {
    EXPECT_THAT(Refusal("header { name: '" + std::string(name) + "' secret { value: 's' } }"),
                HasSubstr("/spec/header/name: "));
  }
}

TEST(CredentialTest, ALineFeedInASecretIsNamedAndTheSecretIsNot) {
  const std::string refusal = Refusal("header { secret { value: 'marker\\r\\nX: y' } }");
  EXPECT_THAT(refusal, HasSubstr("/spec/header/secret/value: "));
  EXPECT_THAT(refusal, Not(HasSubstr("marker")));
}

TEST(CredentialTest, OnlyVariablesOfSecretsAreRead) {
  EXPECT_THAT(Refusal("header { secret { env: 'PATH' } }"), HasSubstr("/spec/header/secret/env: "));
  EXPECT_THAT(Refusal("header { secret { env: 'PORTOLAN_SECRET_' } }"), HasSubstr("/env: "));
}

TEST(CredentialTest, FilesLieBelowTheFolder) {
  for (const char* file : {"../key", "/etc/passwd", "a/../b", "a//b", "a/", "./a"}) {
    EXPECT_THAT(Refusal("header { secret { file: '" + std::string(file) + "' } }"),
                HasSubstr("/spec/header/secret/file: "))
        << file;
  }
}

TEST(CredentialTest, TokensAreFetchedOverTlsOrFromThisMachine) {
  EXPECT_THAT(Refusal("token_exchange { client { token_url: 'http://as.example/t' "
                      "client_id: 'c' } }"),
              HasSubstr("/spec/token_exchange/client/token_url: "));
  EXPECT_THAT(Refusal("token_exchange { client { client_id: 'c' } }"),
              HasSubstr("one of token_url and issuer"));
}

TEST(CredentialTest, ParametersOfOursAreNotWritten) {
  EXPECT_THAT(
      Refusal("token_exchange { client { token_url: 'https://as.example/t' client_id: 'c' } "
              "parameters { name: 'subject_token' value: 'x' } }"),
      HasSubstr("/spec/token_exchange/parameters/0/name: "));
}

TEST(CredentialTest, WhatNobodyServesYetIsRefused) {
  EXPECT_THAT(Refusal("oauth_user { client { issuer: 'https://as.example' client_id: 'c' } }"),
              HasSubstr("/spec/oauth_user: "));
}

TEST(CredentialTest, HostsSayWhoIsShownIt) {
  const v1::Credential one = Read("hosts: 'api.example.com' hosts: '*.acme.io:8443'");
  EXPECT_TRUE(IsShownTo(one, "api.example.com", 443, false));
  EXPECT_TRUE(IsShownTo(one, "a.acme.io", 8443, false));
  EXPECT_FALSE(IsShownTo(one, "a.acme.io", 443, false));
  EXPECT_FALSE(IsShownTo(one, "acme.io", 8443, false));
  EXPECT_FALSE(IsShownTo(one, "evilacme.io", 8443, false));
  EXPECT_FALSE(IsShownTo(one, "api.example.com.evil.io", 443, false));
  EXPECT_FALSE(IsShownTo(one, "xapi.example.com", 443, true));
}

TEST(CredentialTest, WithoutHostsItDependsOnWhoNamesIt) {
  EXPECT_TRUE(IsShownTo(Read(""), "anywhere", 1, true));
  EXPECT_FALSE(IsShownTo(Read(""), "anywhere", 1, false));
}

TEST(CredentialTest, AddressesAreHostsToo) {
  const v1::Credential one = Read("hosts: '[::1]:9000' hosts: '127.0.0.1'");
  EXPECT_TRUE(IsShownTo(one, "::1", 9000, false));
  EXPECT_FALSE(IsShownTo(one, "::1", 9001, false));
  EXPECT_TRUE(IsShownTo(one, "127.0.0.1", 5, false));
}

TEST(CredentialTest, WhatIsNoHostIsRefused) {
  for (const char* host : {"https://a.io", "a.io/", "*", "*.", "A.io", "a.io:", "a.io:0", "a b"}) {
    EXPECT_THAT(Refusal("hosts: '" + std::string(host) + "' header { secret { value: 's' } }"),
                HasSubstr("/spec/hosts/0: "))
        << host;
  }
}

}  // namespace
}  // namespace policy
