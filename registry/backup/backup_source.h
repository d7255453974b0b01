// A BackupSource makes a backup of a running registry, piece by piece: the catalog as it is when it is opened, whoever
// writes meanwhile.
//
// One thread at a time. The copy of the database lies in the data directory until the source is destroyed; memory stays
// the same however large it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace registry {

class Store;

namespace backup {

class BackupSource {
 public:
  virtual ~BackupSource() = default;
  // Copies the database; takes as long as reading and writing it does. kInvalidArgument for a passphrase that is none.
  // `master_key` is what master.key is to hold; empty: what it holds.
  static base::Result<std::unique_ptr<BackupSource>> Open(Store& store,
                                                          const std::filesystem::path& data,
                                                          const std::string& passphrase,
                                                          const base::Clock& clock,
                                                          const std::string& master_key = {});

  // Of the file that comes of it.
  virtual std::uint64_t total_bytes() const = 0;
  // The file's next bytes; empty at its end.
  virtual base::Result<std::string> Next() = 0;
};

// Removes the copies that a registry which was killed has left behind.
void RemoveLeftovers(const std::filesystem::path& data);

}  // namespace backup
}  // namespace registry
