// TLS on both sides: our Client against our Server, with certificates made here.
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <array>
#include <fstream>
#include <string>

#include "base/http/tls_files.h"
#include "tests/base/http/test_client.h"
#include "tests/base/http/test_server.h"
#include "tests/support/certificate.h"

namespace base::http {
namespace {

using support::Certificate;
using test_support::EchoBack, test_support::RawListener, test_support::RawSocket,
    test_support::TestClient, test_support::TestServer;

// A client of OpenSSL's own, so that what we speak is not only held against ourselves.
class ForeignClient {
 public:
  explicit ForeignClient(std::uint16_t port, const Certificate* own = nullptr,
                         std::string_view alpn = {})
      : context_(SSL_CTX_new(TLS_client_method())) {
    if (own) {
      SSL_CTX_use_certificate_file(context_, own->files().certificate_file.c_str(),
                                   SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_, own->files().key_file.c_str(), SSL_FILETYPE_PEM);
    }
    SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
    bio_ = BIO_new_ssl_connect(context_);
    BIO_set_conn_hostname(bio_, ("127.0.0.1:" + std::to_string(port)).c_str());
  }
  ~ForeignClient() {
    BIO_free_all(bio_);
    SSL_CTX_free(context_);
  }
  ForeignClient(const ForeignClient&) = delete;

  // In TLS 1.3 a client that is refused for its certificate hears of it when it reads.
  std::string Ask() {
    const std::string_view request = "GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if (BIO_do_connect(bio_) != 1) return "no handshake";
    BIO_write(bio_, request.data(), static_cast<int>(request.size()));
    std::array<char, 4096> room{};
    const int got = BIO_read(bio_, room.data(), room.size());
    return got > 0 ? std::string(room.data(), static_cast<std::size_t>(got)) : "no answer";
  }
  SSL* session() const {
    SSL* session = nullptr;
    BIO_get_ssl(bio_, &session);
    return session;
  }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  // Of the certificate that was shown.
  std::string peer() const {
    X509* certificate = SSL_get1_peer_certificate(session());
    const std::string pem = Certificate::PemOf(certificate);
    X509_free(certificate);
    return pem;
  }

 private:
  SSL_CTX* context_;
  BIO* bio_;
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
  const auto mixed =
      TlsContext::ForServers({one.files().certificate_file, other.files().key_file, ""});
  ASSERT_FALSE(mixed);
  EXPECT_NE(mixed.error().message.find("key.pem: key values mismatch"), std::string::npos)
      << mixed.error().message;
  const auto missing =
      TlsContext::ForServers({"/nonexistent/cert.pem", "/nonexistent/key.pem", ""});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/nonexistent/cert.pem"), std::string::npos);
}

TEST(TlsTest, SpeaksHttp11ToWhoOffersItAndNothingElse) {
  Certificate certificate("DNS:localhost");
  TestServer server(EchoBack, {}, certificate.files());
  ForeignClient both(server.port(), nullptr, "\x02h2\x08http/1.1");
  EXPECT_TRUE(both.Ask().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(both.protocol(), "http/1.1");
  ForeignClient neither(server.port(), nullptr, "\x02h2");
  EXPECT_EQ(neither.Ask(), "no handshake");
}

TEST(TlsTest, WithAClientCaOnlyWhoShowsACertificateOfItsIsServed) {
  Certificate certificate("DNS:localhost"), known("DNS:known"), unknown("DNS:unknown");
  ServerTls files = certificate.files();
  files.client_ca_file = known.files().certificate_file;
  TestServer server(EchoBack, {}, files);
  EXPECT_TRUE(ForeignClient(server.port(), &known).Ask().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(ForeignClient(server.port()).Ask(), "no answer");
  EXPECT_EQ(ForeignClient(server.port(), &unknown).Ask(), "no answer");
}

TEST(TlsTest, ARenewedCertificateIsForNewConnectionsAndOpenOnesGoOn) {
  Certificate before("DNS:localhost"), after("DNS:localhost");
  TestServer server(EchoBack, {}, before.files());
  ForeignClient open(server.port());
  EXPECT_TRUE(open.Ask().starts_with("HTTP/1.1 200"));
  const std::shared_ptr<const TlsContext> renewed = *TlsContext::ForServers(after.files());
  server.Do([&](Server& listening) { listening.UseTls(renewed); });
  ForeignClient fresh(server.port());
  EXPECT_TRUE(fresh.Ask().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(fresh.peer(), after.pem());
  EXPECT_TRUE(open.Ask().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(open.peer(), before.pem());
}

TEST(TlsFilesTest, AreReadAgainWhenTheyHaveChanged) {
  Certificate certificate("DNS:localhost"), renewed("DNS:localhost");
  auto files = TlsFiles::Open(certificate.files());
  ASSERT_TRUE(files) << files.error().message;
  const auto first = files->context();
  EXPECT_FALSE(*files->Renew(TlsFiles::When::kChanged));
  certificate.BecomeLike(renewed);
  EXPECT_TRUE(*files->Renew(TlsFiles::When::kChanged));
  EXPECT_NE(files->context(), first);
  EXPECT_TRUE(*files->Renew(TlsFiles::When::kAsked));
}

TEST(TlsFilesTest, HalfARenewalLeavesWhatIsInForceAndIsSaidOnce) {
  Certificate certificate("DNS:localhost");
  auto files = TlsFiles::Open(certificate.files());
  ASSERT_TRUE(files) << files.error().message;
  const auto first = files->context();
  std::ofstream(certificate.files().key_file) << "half";
  const auto broken = files->Renew(TlsFiles::When::kChanged);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("key.pem"), std::string::npos) << broken.error().message;
  EXPECT_EQ(files->context(), first);
  EXPECT_FALSE(*files->Renew(TlsFiles::When::kChanged));
}

TEST(TlsTest, ACertificatesFirstNameIsFound) {
  EXPECT_EQ(*NameInCertificate(Certificate("DNS:a.example,IP:127.0.0.1").files().certificate_file),
            "a.example");
  EXPECT_EQ(*NameInCertificate(Certificate("DNS:*.example").files().certificate_file),
            "any.example");
  EXPECT_EQ(*NameInCertificate(Certificate("IP:127.0.0.1").files().certificate_file), "127.0.0.1");
  EXPECT_FALSE(NameInCertificate("/nonexistent.pem"));
}

}  // namespace
}  // namespace base::http
