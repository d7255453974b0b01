// How a daemon learns what it was told when it was started: flags over `--config FILE` over
// defaults, all in one bootstrap message (proto/portolan/v1/bootstrap.proto). The message is the
// only place where a setting is defined; a flag names one of its fields.
//
//   field          flag              field type
//   admin_listen   --admin-listen    string, bool or int32
//   tls.cert_file  --tls-cert        of a message inside; the flag has a name of its own
#pragma once

#include <google/protobuf/message.h>

#include <filesystem>
#include <initializer_list>
#include <string>

#include "base/http/server.h"
#include "base/http/tls.h"
#include "base/result.h"

namespace base {

// What every daemon takes beside its message.
struct DaemonOptions {
  // Where to write the addresses that were bound; empty: nowhere.
  std::filesystem::path endpoints_file;
};

struct BootstrapFlag {
  const char* field;  // of the message, or PART.FIELD
  const char* help;
  const char* flag = nullptr;  // where it is not the field's name
};

// Fills `message`; may be asked again while the daemon runs (SIGHUP). `title` opens the help: "portolan-registry: the catalog of MCP servers."
// kCancelled: help or the version was printed and all is done. kInvalidArgument names the flag, or
// the field of the file by its JSON pointer. REQUIRES: each flag's field exists.
Result<DaemonOptions> ReadBootstrap(int argc, char** argv, const std::string& title,
                                    std::initializer_list<BootstrapFlag> flags,
                                    google::protobuf::Message& message);

// A daemon's level: `text`, or info when that is empty.
Result<std::string> ReadLogLevel(const std::string& text);

// Certificate and key, or neither. Whether the files can be used, TlsFiles says.
Result<http::ServerTls> ReadServerTls(const std::string& certificate, const std::string& key,
                                      const std::string& client_ca);

// A listener's address, by its flag: `text`, or `fallback` when that is empty. Off loopback it must
// be `guarded`: it speaks TLS, or --insecure-listen was given.
Result<http::ListenAddress> ReadListenAddress(const std::string& text, const char* fallback,
                                              const char* flag, bool guarded);

}  // namespace base
