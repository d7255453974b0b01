// Where the registry is, for those who call it by gRPC.
#pragma once

#include <string>

namespace base::rpc {

// Who is called, and how it proves who it is.
struct Peer {
  // HOST:PORT; https://HOST:PORT speaks TLS.
  std::string address;
  // PEM file of who may sign its certificate, or of that certificate itself. Given, TLS is spoken; without it
  // https:// trusts the system's CAs. Read again when it changes.
  std::string ca_file;
  // What the certificate must be for; empty: the host of `address`.
  std::string name;
  // PEM files to show, where the peer asks for a certificate; both or neither.
  std::string cert_file;
  std::string key_file;

  bool tls() const { return !ca_file.empty() || address.starts_with("https://"); }
};

}  // namespace base::rpc
