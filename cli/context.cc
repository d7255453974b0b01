#include "cli/context.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <utility>

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
  std::string address = options_.registry;
  if (address.empty()) {
    if (auto endpoints = ReadEndpoints(data_ + "/endpoints"))
      address = EndpointOf(*endpoints, "grpc");
  }
  if (address.empty()) address = "127.0.0.1:8902";
  token_ = options_.token;
  // This machine's admin token goes to this machine's registry and nowhere else.
  if (token_.empty() && IsLoopbackAddress(address))
    token_ = ReadSmallFile(data_ + "/admin.token").value_or("");
  registry_ = std::make_unique<RegistryClient>(address, token_);
  return *registry_;
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
