#include "base/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <unistd.h>

namespace base::rpc {
namespace {

constexpr int kMaxMessageBytes = 20 * 1024 * 1024;
constexpr std::string_view kTlsScheme = "https://";
constexpr char kSystemCas[] = "/etc/ssl/certs/ca-certificates.crt";
// How often gRPC looks whether a file has changed.
constexpr unsigned kLookEveryS = 1;

std::string WithoutScheme(std::string address) {
  if (address.starts_with(kTlsScheme)) address.erase(0, kTlsScheme.size());
  while (address.ends_with('/')) address.pop_back();
  return address;
}

Result<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const Peer& peer) {
  namespace experimental = grpc::experimental;
  const std::string ca_file = peer.ca_file.empty() ? kSystemCas : peer.ca_file;
  for (const std::string& file : {ca_file, peer.cert_file, peer.key_file}) {
    if (!file.empty() && ::access(file.c_str(), R_OK) != 0)
      return Fail(Code::kInvalidArgument, file + ": cannot be read");
  }
  experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      peer.cert_file.empty()
          ? std::make_shared<experimental::FileWatcherCertificateProvider>(ca_file, kLookEveryS)
          : std::make_shared<experimental::FileWatcherCertificateProvider>(
                peer.key_file, peer.cert_file, ca_file, kLookEveryS));
  options.watch_root_certs();
  if (!peer.cert_file.empty()) options.watch_identity_key_cert_pairs();
  return experimental::TlsCredentials(options);
}

}  // namespace

Result<std::shared_ptr<grpc::Channel>> OpenChannel(const Peer& peer,
                                                   grpc::ChannelArguments arguments) {
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  // The registry is asked directly, whatever proxies the environment names.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const std::string target = WithoutScheme(peer.address);
  if (!peer.tls())
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  if (!peer.name.empty()) arguments.SetSslTargetNameOverride(peer.name);
  auto credentials = Credentials(peer);
  if (!credentials) return credentials.error();
  return grpc::CreateCustomChannel(target, *credentials, arguments);
}

}  // namespace base::rpc
