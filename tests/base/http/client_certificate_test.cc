// A client that shows a certificate is let in by a server that demands one.
#include "base/http/client_certificate.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/base/http/test_client.h"
#include "tests/base/http/test_server.h"
#include "tests/support/certificate.h"

namespace base::http {
namespace {

using support::Certificate;
using test_support::EchoBack, test_support::TestClient, test_support::TestServer;

std::string KeyOf(const Certificate& certificate) {
  std::ifstream in(certificate.files().key_file);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

// The status, or 0 when there was no answer.
int Ask(TestClient& client, std::uint16_t port, std::shared_ptr<const TlsContext> tls) {
  int status = 0;
  client
      .Spawn([&](Client& it) -> Task<> {
        const Url url = *Url::Parse("https://localhost:" + std::to_string(port) + "/t");
        Client::Request request;
        request.tls = tls;
        auto sent = co_await it.Send(url, request);
        if (!sent) co_return;
        status = (*sent)->head().status;
        (void)co_await (*sent)->ReadBody(1 << 16);
      })
      .get();
  return status;
}

TEST(ClientCertificateTest, WhoShowsTheRightOneIsLetIn) {
  const Certificate server_own("DNS:localhost");
  const Certificate ours("DNS:gateway");
  const Certificate stranger("DNS:stranger");
  server_own.Trust();
  ServerTls files = server_own.files();
  files.client_ca_file = ours.files().certificate_file;
  TestServer server(EchoBack, {}, files);
  TestClient client;
  const auto shown = ShowingCertificate(ours.pem(), KeyOf(ours));
  const auto other = ShowingCertificate(stranger.pem(), KeyOf(stranger));
  ASSERT_TRUE(shown.has_value() && other.has_value());
  EXPECT_EQ(Ask(client, server.port(), *shown), 200);
  EXPECT_EQ(Ask(client, server.port(), *other), 0);
  EXPECT_EQ(Ask(client, server.port(), *shown), 200);
}

TEST(ClientCertificateTest, AKeyOfAnotherIsRefused) {
  const Certificate one("DNS:a");
  const Certificate other("DNS:b");
  const auto made = ShowingCertificate(one.pem(), KeyOf(other));
  ASSERT_TRUE(made.has_error());
  EXPECT_EQ(made.error().message.find("BEGIN"), std::string::npos);
  EXPECT_TRUE(ShowingCertificate("nonsense", KeyOf(one)).has_error());
}

}  // namespace
}  // namespace base::http
