// A BackupReader opens a backup and gives back what is in it, piece by piece.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace registry::backup {

// One of the files in a backup.
struct Member {
  std::string name;
  std::uint64_t bytes = 0;
};

class BackupReader {
 public:
  virtual ~BackupReader() = default;
  // kNotFound, kInvalidArgument: no backup; kDataLoss: the passphrase is wrong, or it was altered; kFailedPrecondition:
  // made by a newer version.
  static base::Result<std::unique_ptr<BackupReader>> Open(const std::string& file,
                                                          const std::string& passphrase);

  virtual const std::vector<Member>& members() const = 0;
  virtual std::int64_t made_at_ms() const = 0;
  // The next bytes of the members, one behind the other; empty at the end. kDataLoss as soon as something is not what
  // was sealed, and when there are more or fewer than the members have.
  virtual base::Result<std::string> Next() = 0;
};

}  // namespace registry::backup
