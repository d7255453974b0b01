#include "registry/service/registry_path.h"

namespace registry {
namespace {

// Takes `/word` off the front, when the path begins with it as a whole segment.
bool Take(std::string_view& path, std::string_view word) {
  std::string_view rest = path;
  while (rest.starts_with("//")) rest.remove_prefix(1);
  if (!rest.starts_with('/') || !rest.substr(1).starts_with(word)) return false;
  rest.remove_prefix(1 + word.size());
  if (!rest.empty() && rest.front() != '/') return false;
  path = rest;
  return true;
}

}  // namespace

std::optional<RegistryPath> RegistryPath::Read(std::string_view path) {
  RegistryPath read;
  if (Take(path, "r")) {
    if (path.empty()) return std::nullopt;
    path.remove_prefix(1);
    read.capability = path.substr(0, path.find('/'));
    path.remove_prefix(read.capability.size());
    if (read.capability.empty()) return std::nullopt;
  }
  if (std::string_view below = path; Take(below, "workspaces") && Take(below, "default"))
    path = below;
  if (!Take(path, "v0.1") && !Take(path, "v0")) return std::nullopt;
  read.rest = path;
  return read;
}

}  // namespace registry
