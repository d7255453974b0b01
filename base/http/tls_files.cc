#include "base/http/tls_files.h"

#include <sys/stat.h>

#include <utility>

namespace base::http {

Result<TlsFiles> TlsFiles::Open(ServerTls files) {
  TlsFiles opened(std::move(files));
  if (auto read = opened.Renew(When::kAsked); !read) return read.error();
  return opened;
}

Result<bool> TlsFiles::Renew(When when) {
  // Looked at before they are read: what changes meanwhile is seen the next time.
  const Traces now = Look();
  if (when == When::kChanged && now == seen_) return false;
  seen_ = now;
  auto made = TlsContext::ForServers(files_);
  if (!made) return made.error();
  context_ = std::move(*made);
  return true;
}

TlsFiles::Traces TlsFiles::Look() const {
  return {LookAt(files_.certificate_file), LookAt(files_.key_file), LookAt(files_.client_ca_file)};
}

TlsFiles::Trace TlsFiles::LookAt(const std::string& file) {
  struct stat facts {};
  if (file.empty() || ::stat(file.c_str(), &facts) != 0) return {};
  return {facts.st_dev, facts.st_ino, static_cast<std::uint64_t>(facts.st_size),
          facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
}

}  // namespace base::http
