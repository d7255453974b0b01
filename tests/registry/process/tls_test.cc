// The registry by TLS, on both listeners, and a certificate renewed while it runs.
#include <gtest/gtest.h>

#include "base/rpc/channel.h"
#include "tests/registry/process/registry_process.h"
#include "tests/support/certificate.h"

namespace registry {
namespace {

using support::Certificate;

class RegistryTlsTest : public ::testing::Test {
 protected:
  static std::vector<std::string> Flags(const Certificate& certificate) {
    return {"--tls-cert", certificate.files().certificate_file, "--tls-key",
            certificate.files().key_file};
  }
  static grpc::Status Describe(const base::rpc::Peer& peer) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = base::rpc::OpenChannel(peer, arguments);
    EXPECT_TRUE(channel.has_value()) << channel.error().message;
    auto stub = v1::CatalogService::NewStub(*channel);
    v1::DescribeResponse response;
    return stub->Describe(With("").get(), {}, &response);
  }

  // That stays when the certificate is renewed.
  std::string CopyOf(const Certificate& certificate) {
    const std::string path = folder_.path() + "/copy.pem";
    std::ofstream(path) << certificate.pem();
    return path;
  }

  support::TemporaryFolder folder_;
};

TEST_F(RegistryTlsTest, SpeaksTlsToWhoKnowsItsCertificateAndToNobodyElse) {
  Certificate certificate("DNS:portolan.example"), other("DNS:portolan.example");
  RegistryProcess registry(folder_.path(), Flags(certificate));
  EXPECT_TRUE(registry.http().starts_with("https://"));
  base::rpc::Peer peer{registry.grpc(), certificate.files().certificate_file, "", "", ""};
  peer.name = "portolan.example";
  const grpc::Status known = Describe(peer);
  EXPECT_TRUE(known.ok()) << known.error_message();
  peer.name = "elsewhere.example";
  EXPECT_FALSE(Describe(peer).ok());
  peer.name = "portolan.example";
  peer.ca_file = other.files().certificate_file;
  EXPECT_FALSE(Describe(peer).ok());
  EXPECT_FALSE(Describe({registry.grpc(), "", "", "", ""}).ok());
}

TEST_F(RegistryTlsTest, WithAClientCaItAsksForACertificate) {
  Certificate certificate("DNS:localhost"), client("DNS:gateway");
  auto flags = Flags(certificate);
  flags.insert(flags.end(), {"--tls-client-ca", client.files().certificate_file});
  RegistryProcess registry(folder_.path(), flags);
  base::rpc::Peer peer{registry.grpc(), certificate.files().certificate_file, "localhost", "", ""};
  EXPECT_FALSE(Describe(peer).ok());
  peer.cert_file = client.files().certificate_file;
  peer.key_file = client.files().key_file;
  const grpc::Status shown = Describe(peer);
  EXPECT_TRUE(shown.ok()) << shown.error_message();
}

TEST_F(RegistryTlsTest, ARenewedCertificateIsTakenWithoutARestart) {
  Certificate certificate("DNS:localhost"), renewed("DNS:localhost");
  RegistryProcess registry(folder_.path(), Flags(certificate));
  const base::rpc::Peer before{registry.grpc(), CopyOf(certificate), "localhost", "", ""};
  const base::rpc::Peer after{registry.grpc(), renewed.files().certificate_file, "localhost", "",
                              ""};
  EXPECT_TRUE(Describe(before).ok());
  certificate.BecomeLike(renewed);
  registry.child().Signal(SIGHUP);
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(20), [&] { return Describe(after).ok(); }))
      << registry.child().ReadStderr();
}

TEST_F(RegistryTlsTest, ACertificateThatCannotBeUsedIsNamedAtTheStart) {
  Certificate one("DNS:localhost"), other("DNS:localhost");
  const support::Finished finished = support::RunProgram(
      {support::BinaryFolder() + "/portolan-registry", "--data", folder_.path(), "--http-listen",
       "127.0.0.1:0", "--grpc-listen", "127.0.0.1:0", "--tls-cert", one.files().certificate_file,
       "--tls-key", other.files().key_file});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_NE(finished.err.find("key.pem"), std::string::npos) << finished.err;
}

}  // namespace
}  // namespace registry
