// Connections are kept apart by what is shown on them.
#include <gtest/gtest.h>

#include "tests/base/http/test_client.h"
#include "tests/base/http/test_server.h"
#include "tests/support/certificate.h"

namespace base::http {
namespace {

using support::Certificate;
using test_support::EchoBack, test_support::TestClient, test_support::TestServer;

struct Seen {
  bool reused = false;
  std::string failure;
};

// One request with those terms.
Seen Ask(TestClient& client, std::uint16_t port, std::shared_ptr<const TlsContext> tls) {
  Seen seen;
  client
      .Spawn([&](Client& it) -> Task<> {
        const Url url = *Url::Parse("https://localhost:" + std::to_string(port) + "/t");
        ConnectTimes times;
        Client::Request request;
        request.tls = tls;
        request.times = &times;
        auto sent = co_await it.Send(url, request);
        if (!sent) {
          seen.failure = sent.error().error.message;
          co_return;
        }
        (void)co_await (*sent)->ReadBody(1 << 16);
        seen.reused = times.reused;
      })
      .get();
  return seen;
}

TEST(ClientTlsTest, TwoCertificatesNeverShareAConnection) {
  Certificate certificate("DNS:localhost");
  TestServer server(EchoBack, {}, certificate.files());
  TestClient client;
  std::shared_ptr<const TlsContext> first =
      *TlsContext::ForClients(certificate.files().certificate_file);
  std::shared_ptr<const TlsContext> second =
      *TlsContext::ForClients(certificate.files().certificate_file);
  EXPECT_FALSE(Ask(client, server.port(), first).reused);
  EXPECT_TRUE(Ask(client, server.port(), first).reused);
  EXPECT_FALSE(Ask(client, server.port(), second).reused);
  EXPECT_TRUE(Ask(client, server.port(), second).reused);
  EXPECT_TRUE(Ask(client, server.port(), first).reused);
  EXPECT_EQ(client.open_connections(), 2u);
  // The client's own trusts nobody who vouches for this server: no kept connection helps it.
  EXPECT_NE(Ask(client, server.port(), nullptr).failure, "");
}

}  // namespace
}  // namespace base::http
