#include "cli/context.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "base/http/tls.h"
#include "cli/local_data.h"

namespace cli {
namespace {

Format FormatOf(const std::string& name) {
  if (name == "json") return Format::kJson;
  if (name == "yaml") return Format::kYaml;
  if (name == "name") return Format::kName;
  return Format::kTable;
}

Outlet OutletFor(std::ostream& stream, int descriptor) {
  if (!isatty(descriptor)) return {stream, false, 0};
  winsize size{};
  std::size_t width = ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  const char* no_color = std::getenv("NO_COLOR");
  return {stream, !(no_color && *no_color), width};
}

}  // namespace

Context::Context(Options options, std::vector<std::string> command_words)
    : options_(std::move(options)),
      command_words_(std::move(command_words)),
      data_(options_.data.empty() ? DefaultDataDirectory() : options_.data),
      printer_(FormatOf(options_.format), options_.quiet, OutletFor(std::cout, STDOUT_FILENO),
               OutletFor(std::cerr, STDERR_FILENO)) {}
Context::~Context() = default;

RegistryClient& Context::registry() {
  if (registry_) return *registry_;
  base::rpc::Peer registry = FindRegistry();
  token_ = options_.token;
  // This machine's admin token goes to this machine's registry and nowhere else.
  if (token_.empty() && IsLoopbackAddress(registry.address))
    token_ = ReadSmallFile(data_ + "/admin.token").value_or("");
  registry_ = std::make_unique<RegistryClient>(std::move(registry), token_);
  return *registry_;
}

std::unique_ptr<RegistryClient> Context::RegistryAsCaller() {
  if (!options_.key.empty()) return std::make_unique<RegistryClient>(FindRegistry(), options_.key);
  registry();
  return std::make_unique<RegistryClient>(FindRegistry(), token_);
}

base::rpc::Peer Context::FindRegistry() const {
  base::rpc::Peer registry;
  registry.address = options_.registry;
  registry.ca_file = options_.registry_ca;
  if (const auto endpoints = ReadEndpoints(data_ + "/endpoints")) {
    const std::string local = EndpointOf(*endpoints, "grpc");
    if (registry.address.empty()) registry.address = local;
    // Of this one we know the certificate, which need not be for the address it listens on.
    if (registry.address == local && registry.ca_file.empty()) {
      registry.ca_file = EndpointOf(*endpoints, "registry_ca");
      registry.name = EndpointOf(*endpoints, "registry_name");
    }
  }
  if (registry.address.empty()) registry.address = "127.0.0.1:8902";
  return registry;
}

std::shared_ptr<const base::http::TlsContext> Context::tls() {
  const std::string ca_file = FindRegistry().ca_file;
  if (ca_file.empty()) return nullptr;
  auto made = base::http::TlsContext::ForClients(ca_file);
  if (!made) return nullptr;  // the registry was asked before, and has said what is wrong with it
  return *made;
}

base::Result<v1::Resource> Context::FindServer(const std::string& name) {
  v1::GetRequest request;
  request.set_kind("Server");
  request.set_name(name);
  auto found = registry().Get(request);
  if (!found && found.error().code == base::Code::kNotFound &&
      name.find('/') == std::string::npos) {
    request.set_name("local/" + name);
    if (auto local = registry().Get(request)) found = std::move(local);
  }
  if (!found) {
    if (found.error().code == base::Code::kNotFound) {
      return base::Fail(base::Code::kNotFound, "no server is called '" + name + "'");
    }
    return found.error();
  }
  return std::move(*found->mutable_resource());
}

}  // namespace cli
