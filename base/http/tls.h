// TLS by OpenSSL over a non-blocking socket: handshakes, reads and writes that say what they wait
// for.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace base::http {

// What a step on a non-blocking connection came to.
struct IoStep {
  enum class Kind { kBytes, kWantRead, kWantWrite, kEnd, kFailed };
  Kind kind = Kind::kFailed;
  std::size_t bytes = 0;
};

// PEM files of a server; without them it speaks plain HTTP.
struct ServerTls {
  std::string certificate_file;  // with its chain
  std::string key_file;
  // Who may sign clients' certificates; empty: clients show none.
  std::string client_ca_file;

  bool empty() const { return certificate_file.empty(); }
};

// Certificates, keys and rules, shared by the connections that use them.
class TlsContext {
 public:
  // TLS 1.2 or later, peers verified against the system's roots (or SSL_CERT_FILE, SSL_CERT_DIR)
  // and those of `ca_file`, where a server's own certificate may stand too.
  static Result<std::shared_ptr<TlsContext>> ForClients(const std::string& ca_file = {});
  // TLS 1.2 or later, ALPN http/1.1. With a client CA who shows no certificate of its is refused.
  // kInvalidArgument names the file.
  static Result<std::shared_ptr<TlsContext>> ForServers(const ServerTls& files);
  ~TlsContext();

  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

// The first name (or address) that the certificate in `file` is for; a wildcard's star stands for
// `any`.
Result<std::string> NameInCertificate(const std::string& file);

// One connection's session. The socket is borrowed.
class TlsSession {
 public:
  // As a client, for `host` (a name or an address): SNI, and the certificate must be for it.
  static std::unique_ptr<TlsSession> Connect(const TlsContext& context, int socket,
                                             const std::string& host);
  static std::unique_ptr<TlsSession> Accept(const TlsContext& context, int socket);
  ~TlsSession();

  // kBytes: the handshake is complete.
  IoStep Handshake();
  IoStep Read(std::span<char> room);
  IoStep Write(std::span<const char> bytes);
  // Bytes were read from the socket and not yet from here.
  bool HoldsBytes() const;
  // Says goodbye, if the socket takes it at once.
  void Close();
  // Why the last step failed, for a person.
  std::string failure() const;

 private:
  explicit TlsSession(ssl_st* session) : session_(session) {}
  IoStep Outcome(int returned);

  ssl_st* session_;
  unsigned long last_error_ = 0;
};

}  // namespace base::http
