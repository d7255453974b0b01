// TLS on both sides: our Client against our Server, with certificates made here.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/base/http/test_client.h"
#include "tests/base/http/test_server.h"

namespace base::http {
namespace {

using test_support::EchoBack, test_support::RawListener, test_support::RawSocket,
    test_support::TestClient, test_support::TestServer;

// A self-signed certificate for `names` ("DNS:localhost,IP:127.0.0.1"), in files that go away with
// it.
class Certificate {
 public:
  explicit Certificate(const char* names, long seconds = 3600) {
    std::string folder = (std::filesystem::temp_directory_path() / "tls_test.XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), seconds < 0 ? 2 * seconds : 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), seconds);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, key, EVP_sha256());
    Write("cert.pem", [&](std::FILE* file) { PEM_write_X509(file, certificate); });
    Write("key.pem", [&](std::FILE* file) {
      PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Certificate() { std::filesystem::remove_all(folder_); }

  ServerTls files() const {
    return {(folder_ / "cert.pem").string(), (folder_ / "key.pem").string()};
  }
  // Clients made from now on trust it.
  void Trust() const { ::setenv("SSL_CERT_FILE", files().certificate_file.c_str(), 1); }

 private:
  template <class Writer>
  void Write(const char* file_name, Writer write) {
    std::FILE* file = std::fopen((folder_ / file_name).c_str(), "w");
    ASSERT_NE(file, nullptr);
    write(file);
    std::fclose(file);
  }
  std::filesystem::path folder_;
};

std::string UrlOf(const TestServer& server, std::string_view host) {
  return "https://" + std::string(host) + ":" + std::to_string(server.port()) + "/t";
}

TEST(TlsTest, CarriesRequestsBothWays) {
  Certificate certificate("DNS:localhost,IP:127.0.0.1");
  certificate.Trust();
  bool is_tls = false;
  TestServer server(
      [&](Exchange& exchange) -> Task<void> {
        is_tls = exchange.is_tls();
        co_await EchoBack(exchange);
      },
      {}, certificate.files());
  TestClient client;
  const TestClient::Outcome first = client.Send(UrlOf(server, "localhost"), "hello").get();
  ASSERT_FALSE(first.error) << first.error->message;
  EXPECT_EQ(first.body, "POST /t hello");
  EXPECT_GT(first.times.tls.count(), 0);
  EXPECT_TRUE(is_tls);
  const std::string large(3 << 20, 'x');
  const TestClient::Outcome second = client.Send(UrlOf(server, "localhost"), large).get();
  ASSERT_FALSE(second.error) << second.error->message;
  EXPECT_TRUE(second.body == "POST /t " + large);
  EXPECT_TRUE(second.times.reused);
  EXPECT_EQ(client.Send(UrlOf(server, "127.0.0.1"), "by address").get().body, "POST /t by address");
}

TEST(TlsTest, RefusesACertificateForAnotherName) {
  Certificate certificate("DNS:elsewhere.example");
  certificate.Trust();
  TestServer server(EchoBack, {}, certificate.files());
  TestClient client;
  const TestClient::Outcome outcome = client.Send(UrlOf(server, "localhost")).get();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.stage, "tls");
  EXPECT_NE(outcome.error->message.find("hostname mismatch"), std::string::npos)
      << outcome.error->message;
  EXPECT_TRUE(outcome.nothing_sent);
}

TEST(TlsTest, RefusesACertificateThatNobodyVouchesFor) {
  Certificate trusted("DNS:localhost"), unknown("DNS:localhost");
  trusted.Trust();
  TestServer server(EchoBack, {}, unknown.files());
  TestClient client;
  const TestClient::Outcome outcome = client.Send(UrlOf(server, "localhost")).get();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.stage, "tls");
}

TEST(TlsTest, RefusesAnExpiredCertificate) {
  Certificate certificate("DNS:localhost", -3600);
  certificate.Trust();
  TestServer server(EchoBack, {}, certificate.files());
  TestClient client;
  const TestClient::Outcome outcome = client.Send(UrlOf(server, "localhost")).get();
  ASSERT_TRUE(outcome.error);
  EXPECT_NE(outcome.error->message.find("expired"), std::string::npos) << outcome.error->message;
}

TEST(TlsTest, FailsInItsOwnStageWhenThePeerSpeaksPlainHttp) {
  TestServer server(EchoBack);
  TestClient client;
  const TestClient::Outcome outcome = client.Send(UrlOf(server, "localhost")).get();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.stage, "tls");
}

TEST(TlsTest, CancelsAHandshake) {
  RawListener silent;
  TestClient client;
  CancelSignal cancel;
  auto outcome = client.Send("https://127.0.0.1:" + std::to_string(silent.port()), "ping", &cancel);
  RawSocket connection = silent.Accept();
  connection.Read(5);  // the handshake has begun
  client.thread().Do([&] { cancel.Request(); });
  EXPECT_EQ(outcome.get().error->code, Code::kCancelled);
}

TEST(TlsTest, EndsAHandshakeThatTakesTooLong) {
  ServerLimits limits;
  limits.head_timeout = std::chrono::milliseconds(60);
  Certificate certificate("DNS:localhost");
  TestServer server(EchoBack, limits, certificate.files());
  RawSocket client = server.Connect();
  EXPECT_TRUE(client.AtEnd());
}

TEST(TlsTest, RefusesAKeyThatDoesNotFit) {
  Certificate one("DNS:localhost"), other("DNS:localhost");
  Loop loop;
  class Nobody final : public Service {
    Task<void> Serve(Exchange&) override { co_return; }
  } nobody;
  const ServerTls mixed{one.files().certificate_file, other.files().key_file};
  EXPECT_FALSE(Server::Listen(loop, {"127.0.0.1", 0}, false, {}, nobody, mixed));
  const ServerTls missing{"/nonexistent/cert.pem", "/nonexistent/key.pem"};
  EXPECT_FALSE(Server::Listen(loop, {"127.0.0.1", 0}, false, {}, nobody, missing));
}

}  // namespace
}  // namespace base::http
