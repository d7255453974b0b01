// Restores a backup to a data directory of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace registry::backup {

struct Restored {
  std::int64_t made_at_ms = 0;
  std::int64_t revision = 0;
};

// The whole file is checked before anything is written; then everything is written beside `data`, checked again (the
// database and the chain of its audit), brought to the disk, and put in its place by one rename: `data` is there whole
// or not at all. kAlreadyExists when something lies there; otherwise as BackupReader.
base::Result<Restored> Restore(const std::string& file, const std::filesystem::path& data,
                               const std::string& passphrase);

}  // namespace registry::backup
