#include "base/http/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

namespace base::http {
namespace {

std::string LastOpensslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "TLS error " + std::to_string(code);
}

// OpenSSL's own socket BIO raises SIGPIPE; this one does not.
int SocketOf(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int BioRead(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(SocketOf(bio), out, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

int BioWrite(BIO* bio, const char* in, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent =
      ::send(SocketOf(bio), in, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long BioControl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return 0;
}

const BIO_METHOD* SocketMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quiet socket");
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

SSL* NewSession(const TlsContext& context, int socket) {
  SSL* session = SSL_new(context.get());
  BIO* bio = BIO_new(SocketMethod());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(session, bio, bio);
  return session;
}

SSL_CTX* NewContext(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  if (!context) return nullptr;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  return context;
}

int Clamp(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::ForClients() {
  SSL_CTX* context = NewContext(TLS_client_method());
  if (!context) return Fail(Code::kInternal, "TLS: " + LastOpensslError());
  std::shared_ptr<TlsContext> made(new TlsContext(context));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return Fail(Code::kInternal,
                "TLS: cannot read the system's root certificates: " + LastOpensslError());
  }
  return made;
}

Result<std::shared_ptr<TlsContext>> TlsContext::ForServers(const std::string& certificate_file,
                                                           const std::string& key_file) {
  SSL_CTX* context = NewContext(TLS_server_method());
  if (!context) return Fail(Code::kInternal, "TLS: " + LastOpensslError());
  std::shared_ptr<TlsContext> made(new TlsContext(context));
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
    return Fail(Code::kInvalidArgument,
                "certificate file " + certificate_file + ": " + LastOpensslError());
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Fail(Code::kInvalidArgument, "key file " + key_file + ": " + LastOpensslError());
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return Fail(Code::kInvalidArgument,
                "key file " + key_file + " does not fit certificate file " + certificate_file);
  }
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

std::unique_ptr<TlsSession> TlsSession::Connect(const TlsContext& context, int socket,
                                                const std::string& host) {
  SSL* session = NewSession(context, socket);
  X509_VERIFY_PARAM* rules = SSL_get0_param(session);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) != 1) {
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size());
    SSL_set_tlsext_host_name(session, host.c_str());
  }
  SSL_set_connect_state(session);
  return std::unique_ptr<TlsSession>(new TlsSession(session));
}

std::unique_ptr<TlsSession> TlsSession::Accept(const TlsContext& context, int socket) {
  SSL* session = NewSession(context, socket);
  SSL_set_accept_state(session);
  return std::unique_ptr<TlsSession>(new TlsSession(session));
}

TlsSession::~TlsSession() { SSL_free(session_); }

IoStep TlsSession::Outcome(int returned) {
  if (returned > 0) return {IoStep::Kind::kBytes, static_cast<std::size_t>(returned)};
  switch (SSL_get_error(session_, returned)) {
    case SSL_ERROR_WANT_READ: return {IoStep::Kind::kWantRead};
    case SSL_ERROR_WANT_WRITE: return {IoStep::Kind::kWantWrite};
    case SSL_ERROR_ZERO_RETURN: return {IoStep::Kind::kEnd};
    default: last_error_ = ERR_get_error(); return {IoStep::Kind::kFailed};
  }
}

IoStep TlsSession::Handshake() {
  ERR_clear_error();
  return Outcome(SSL_do_handshake(session_));
}

IoStep TlsSession::Read(std::span<char> room) {
  ERR_clear_error();
  return Outcome(SSL_read(session_, room.data(), Clamp(room.size())));
}

IoStep TlsSession::Write(std::span<const char> bytes) {
  ERR_clear_error();
  return Outcome(SSL_write(session_, bytes.data(), Clamp(bytes.size())));
}

bool TlsSession::HoldsBytes() const { return SSL_has_pending(session_) == 1; }

void TlsSession::Close() {
  ERR_clear_error();
  if (SSL_is_init_finished(session_)) SSL_shutdown(session_);
  ERR_clear_error();
}

std::string TlsSession::failure() const {
  const long verified = SSL_get_verify_result(session_);
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  if (last_error_ == 0) return "the peer closed the connection";
  const char* reason = ERR_reason_error_string(last_error_);
  return reason ? reason : "TLS error";
}

}  // namespace base::http
