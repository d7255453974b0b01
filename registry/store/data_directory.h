// The data directory, held by one registry at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace registry {

class DataDirectory {
 public:
  // Makes it (mode 0700) where needed and locks DATA/registry.lock for as long as this object
  // lives. kFailedPrecondition: another registry holds it.
  static base::Result<std::unique_ptr<DataDirectory>> Open(const std::filesystem::path& path);
  ~DataDirectory();

  const std::filesystem::path& path() const { return path_; }

 private:
  DataDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_;
};

}  // namespace registry
