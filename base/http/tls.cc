#include "base/http/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
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

// RFC 7301. Who speaks none of the protocols offered by a client says so.
int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, kOurs, sizeof kOurs - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

int Clamp(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::ForClients(const std::string& ca_file) {
  SSL_CTX* context = NewContext(TLS_client_method());
  if (!context) return Fail(Code::kInternal, "TLS: " + LastOpensslError());
  std::shared_ptr<TlsContext> made(new TlsContext(context));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return Fail(Code::kInternal,
                "TLS: cannot read the system's root certificates: " + LastOpensslError());
  }
  if (ca_file.empty()) return made;
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1)
    return Fail(Code::kInvalidArgument, "CA file " + ca_file + ": " + LastOpensslError());
  // A server's own certificate vouches for itself.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  return made;
}

Result<std::shared_ptr<TlsContext>> TlsContext::ForServers(const ServerTls& files) {
  SSL_CTX* context = NewContext(TLS_server_method());
  if (!context) return Fail(Code::kInternal, "TLS: " + LastOpensslError());
  std::shared_ptr<TlsContext> made(new TlsContext(context));
  const std::string certificate = "certificate file " + files.certificate_file;
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate_file.c_str()) != 1)
    return Fail(Code::kInvalidArgument, certificate + ": " + LastOpensslError());
  const std::string key = "key file " + files.key_file;
  if (files.key_file.empty())
    return Fail(Code::kInvalidArgument, certificate + " needs its key file");
  if (SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return Fail(Code::kInvalidArgument, key + ": " + LastOpensslError());
  SSL_CTX_set_alpn_select_cb(context, ChooseProtocol, nullptr);
  if (files.client_ca_file.empty()) return made;

  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(files.client_ca_file.c_str());
  if (!names || SSL_CTX_load_verify_file(context, files.client_ca_file.c_str()) != 1) {
    return Fail(Code::kInvalidArgument,
                "client CA file " + files.client_ca_file + ": " + LastOpensslError());
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // Without one, OpenSSL refuses to resume the sessions of clients that it has verified.
  constexpr unsigned char kSessions[] = "portolan";
  SSL_CTX_set_session_id_context(context, kSessions, sizeof kSessions - 1);
  return made;
}

Result<std::string> NameInCertificate(const std::string& file) {
  const auto no_name = [&](const std::string& why) {
    return Fail(Code::kInvalidArgument, "certificate file " + file + ": " + why);
  };
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new_file(file.c_str(), "r"), BIO_free_all);
  if (!bio) return no_name(LastOpensslError());
  std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (!certificate) return no_name(LastOpensslError());
  std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
      if (text.starts_with('*')) text.replace(0, 1, "any");
      return text;
    }
    if (name->type == GEN_IPADD) {
      const unsigned char* bytes = ASN1_STRING_get0_data(name->d.iPAddress);
      const int size = ASN1_STRING_length(name->d.iPAddress);
      std::array<char, INET6_ADDRSTRLEN> text{};
      if ((size == 4 || size == 16) &&
          ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, text.data(), text.size())) {
        return std::string(text.data());
      }
    }
  }
  return no_name("it names no host (subjectAltName)");
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
