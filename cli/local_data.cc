#include "cli/local_data.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace cli {

std::string DefaultDataDirectory() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data == '/')
    return std::string(data) + "/portolan";
  const char* home = std::getenv("HOME");
  return std::string(home && *home ? home : "/tmp") + "/.local/share/portolan";
}

std::optional<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(64 * 1024, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  return text;
}

std::optional<Endpoints> ReadEndpoints(const std::string& path) {
  auto text = ReadSmallFile(path);
  if (!text) return std::nullopt;
  Endpoints endpoints;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (auto equals = line.find('='); equals != std::string::npos) {
      endpoints.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
  }
  return endpoints;
}

std::string EndpointOf(const Endpoints& endpoints, std::string_view key) {
  for (const auto& [name, value] : endpoints) {
    if (name == key) return value;
  }
  return "";
}

base::Result<void> WriteEndpoints(const std::string& path, const Endpoints& endpoints) {
  std::string temporary = path + ".new";
  std::ofstream file(temporary, std::ios::trunc);
  for (const auto& [key, value] : endpoints) file << key << '=' << value << '\n';
  file.close();
  if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
    return base::Fail(base::Code::kUnavailable,
                      "cannot write " + path + ": " + std::strerror(errno));
  }
  return {};
}

bool IsLoopbackAddress(std::string_view address) {
  if (auto scheme = address.find("://"); scheme != std::string_view::npos)
    address.remove_prefix(scheme + 3);
  address = address.substr(0, address.find('/'));
  if (address.starts_with("[::1]")) return true;
  std::string_view host = address.substr(0, address.rfind(':'));
  return host == "localhost" || host == "127.0.0.1" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace cli
