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

// Certificates, keys and rules, shared by the connections that use them.
class TlsContext {
 public:
  // TLS 1.2 or later, peers verified against the system's roots (or SSL_CERT_FILE, SSL_CERT_DIR).
  static Result<std::shared_ptr<TlsContext>> ForClients();
  static Result<std::shared_ptr<TlsContext>> ForServers(const std::string& certificate_file,
                                                        const std::string& key_file);
  ~TlsContext();

  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

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
