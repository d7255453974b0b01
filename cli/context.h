// What every verb is given: the options that hold everywhere, the printer, and the registry,
// connected when first asked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/printer.h"
#include "cli/registry_client.h"

namespace base::http {
class TlsContext;
}

namespace cli {

struct Options {
  // Empty: what `portolan up` wrote to the data directory, else 127.0.0.1:8902.
  std::string registry;
  // PEM file of who signs the registry's certificate; empty: what `portolan up` wrote, if it did.
  std::string registry_ca;
  // Empty: admin.token of the data directory, for a registry on this machine.
  std::string token;
  // As whom to call; empty: as the admin.
  std::string key;
  std::string data;
  std::string format = "table";
  bool quiet = false;
};

class Context {
 public:
  Context(Options options, std::vector<std::string> command_words);
  ~Context();

  const Options& options() const { return options_; }
  // What stood behind `--` on the command line.
  const std::vector<std::string>& command_words() const { return command_words_; }
  Printer& printer() { return printer_; }
  const std::string& data() const { return data_; }
  // Who administers; empty when nobody is known.
  const std::string& token() const { return token_; }
  RegistryClient& registry();
  // The same registry, asked as who calls (`--key`); without a key as registry() asks.
  std::unique_ptr<RegistryClient> RegistryAsCaller();
  // Whom to trust at the gateway's and the registry's https:// URLs; null: the system's CAs alone.
  std::shared_ptr<const base::http::TlsContext> tls();

  // The server of that name: `namespace/name`, a base path, or a name in the namespace `local`.
  base::Result<v1::Resource> FindServer(const std::string& name);

 private:
  // Where the registry is, as far as options and data directory tell.
  base::rpc::Peer FindRegistry() const;

  const Options options_;
  const std::vector<std::string> command_words_;

  const std::string data_;
  std::string token_;
  Printer printer_;
  std::unique_ptr<RegistryClient> registry_;
};

}  // namespace cli
