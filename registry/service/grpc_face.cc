#include "registry/service/grpc_face.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <mutex>

#include "base/http/locality.h"
#include "base/http/origin_check.h"
#include "registry/service/grpc_stream.h"
#include "registry/service/proven_stream.h"

namespace registry {
namespace {

// How often gRPC looks whether a certificate has changed.
constexpr unsigned kLookEveryS = 1;

std::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

// ipv4:127.0.0.1:51234, ipv6:%5B::1%5D:51234
std::string_view PeerAddress(std::string_view peer) {
  const std::size_t scheme = peer.find(':');
  std::string_view rest = scheme == std::string_view::npos ? peer : peer.substr(scheme + 1);
  rest = rest.substr(0, rest.rfind(':'));
  for (const std::string_view open : {"%5B", "["}) {
    if (rest.starts_with(open)) rest.remove_prefix(open.size());
  }
  for (const std::string_view close : {"%5D", "]"}) {
    if (rest.ends_with(close)) rest.remove_suffix(close.size());
  }
  return rest;
}

// What a call shows, without whence.
Proof Shown(const grpc::CallbackServerContext& context) {
  Proof proof;
  for (const auto& [name, value] : context.client_metadata()) {
    if (View(name) == "authorization") proof.authorization = View(value);
    if (View(name) == "x-api-key") proof.api_key = View(value);
  }
  return proof;
}

// `peer` is the context's, and outlives the proof.
Proof ProofOf(const grpc::CallbackServerContext& context, const std::string& peer,
              AnonymousRead anonymous_read) {
  Proof proof = Shown(context);
  bool forwarded = false;
  for (const auto& [name, value] : context.client_metadata())
    forwarded = forwarded || base::http::TellsOfForwarding(View(name));
  const bool local = !forwarded && base::http::IsLoopbackAddress(PeerAddress(peer)) &&
                     base::http::IsLoopbackHost(View(context.ExperimentalGetAuthority()));
  proof.local = MayReadAnonymously(anonymous_read, local);
  proof.address = PeerAddress(peer);
  proof.face = "grpc";
  return proof;
}

// REQUIRES: the files can be used.
std::shared_ptr<grpc::ServerCredentials> Credentials(const base::http::ServerTls& tls) {
  namespace experimental = grpc::experimental;
  if (tls.empty()) return grpc::InsecureServerCredentials();
  const bool asks = !tls.client_ca_file.empty();
  experimental::TlsServerCredentialsOptions options(
      asks ? std::make_shared<experimental::FileWatcherCertificateProvider>(
                 tls.key_file, tls.certificate_file, tls.client_ca_file, kLookEveryS)
           : std::make_shared<experimental::FileWatcherCertificateProvider>(
                 tls.key_file, tls.certificate_file, kLookEveryS));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(asks ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                     : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  if (asks) options.watch_root_certs();
  return experimental::TlsServerCredentials(options);
}

// What gRPC needs to know to run one method: a stand-in for the generated service.
class TableService final : public grpc::Service {
 public:
  TableService(const Methods& methods, std::string_view service, Authenticator& authenticator,
               AnonymousRead anonymous_read, WorkerPool& pool)
      : authenticator_(authenticator), anonymous_read_(anonymous_read), pool_(pool) {
    int index = 0;
    for (const Method& method : methods.all()) {
      if (method.service == service) Add(method, index++);
    }
  }

 private:
  using Buffer = grpc::ByteBuffer;

  void Add(const Method& method, int index) {
    namespace internal = grpc::internal;
    paths_.push_back(method.path());
    const auto type =
        method.unary ? internal::RpcMethod::NORMAL_RPC : internal::RpcMethod::SERVER_STREAMING;
    AddMethod(new internal::RpcServiceMethod(paths_.back().c_str(), type, nullptr));
    if (method.unary) {
      MarkMethodRawCallback(index, new internal::CallbackUnaryHandler<Buffer, Buffer>(
                                       [this, &method](grpc::CallbackServerContext* context,
                                                       const Buffer* request, Buffer* response) {
                                         return Unary(method, *context, *request, *response);
                                       }));
    } else {
      MarkMethodRawCallback(
          index, new internal::CallbackServerStreamingHandler<Buffer, Buffer>(
                     [this, &method](grpc::CallbackServerContext* context, const Buffer* request) {
                       return Streaming(method, *context, *request);
                     }));
    }
  }

  grpc::ServerUnaryReactor* Unary(const Method& method, grpc::CallbackServerContext& context,
                                  const Buffer& request, Buffer& response) {
    grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
    authenticator_.Prepare(Shown(context), [this, &method, &context, &request, &response, reactor] {
      pool_.Post([this, &method, &context, &request, &response, reactor] {
        reactor->Finish(Answer(method, context, request, response));
      });
    });
    return reactor;
  }

  grpc::Status Answer(const Method& method, const grpc::CallbackServerContext& context,
                      const Buffer& request, Buffer& response) {
    const auto caller = Admit(method, context);
    if (caller.has_error()) return ToStatus(caller.error());
    const std::unique_ptr<google::protobuf::Message> question(method.request->New());
    const std::unique_ptr<google::protobuf::Message> answer(method.response->New());
    if (!ParseBuffer(request, *question)) return Broken();
    if (const auto done = method.Run(*caller, *question, *answer); done.has_error())
      return ToStatus(done.error());
    response = ToBuffer(*answer);
    return grpc::Status::OK;
  }

  grpc::ServerWriteReactor<Buffer>* Streaming(const Method& method,
                                              const grpc::CallbackServerContext& context,
                                              const Buffer& request) {
    const auto stream = GrpcStream::Make(method, pool_);
    authenticator_.Prepare(Shown(context), [this, stream, &method, &context, &request] {
      stream->Begin([this, &method, &context] { return Admit(method, context); }, request);
    });
    return stream.get();
  }

  base::Result<Caller> Admit(const Method& method, const grpc::CallbackServerContext& context) {
    const std::string peer = context.peer();
    const Proof proof = ProofOf(context, peer, anonymous_read_);
    auto caller = authenticator_.Identify(proof);
    if (caller.has_error()) return caller;
    if (const auto ok = method.Admit(*caller); ok.has_error()) return ok.error();
    if (method.stream) caller->still = StillProven(authenticator_, proof, *caller);
    return caller;
  }

  Authenticator& authenticator_;
  const AnonymousRead anonymous_read_;
  WorkerPool& pool_;
  std::deque<std::string> paths_;  // gRPC keeps pointers into them
};

}  // namespace

struct GrpcFace::Server {
  std::vector<std::unique_ptr<TableService>> services;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

base::Result<std::unique_ptr<GrpcFace>> GrpcFace::Listen(
    const std::string& address, const base::http::ServerTls& tls, const Methods& methods,
    Authenticator& authenticator, AnonymousRead anonymous_read, WorkerPool& pool) {
  static std::once_flag plugins;
  std::call_once(plugins, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
  auto made = std::make_unique<Server>();
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Gateways look after idle streams with pings.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddListeningPort(address, Credentials(tls), &made->port);
  std::string_view last;
  for (const Method& method : methods.all()) {
    if (method.service == last) continue;
    last = method.service;
    made->services.push_back(
        std::make_unique<TableService>(methods, last, authenticator, anonymous_read, pool));
    builder.RegisterService(made->services.back().get());
  }
  made->server = builder.BuildAndStart();
  if (!made->server || made->port == 0) {
    return base::Fail(base::Code::kUnavailable,
                      "cannot listen on " + address + " for gRPC (is it taken?)");
  }
  return std::unique_ptr<GrpcFace>(new GrpcFace(std::move(made)));
}

GrpcFace::GrpcFace(std::unique_ptr<Server> server) : server_(std::move(server)) {}
GrpcFace::~GrpcFace() { Drain(std::chrono::milliseconds(0)); }

int GrpcFace::port() const { return server_->port; }

void GrpcFace::Drain(std::chrono::milliseconds grace) {
  if (!server_->server) return;
  if (auto* health = server_->server->GetHealthCheckService()) health->SetServingStatus(false);
  server_->server->Shutdown(std::chrono::system_clock::now() + grace);
  server_->server->Wait();
  server_->server.reset();
}

}  // namespace registry
