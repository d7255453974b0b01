// Whether a database was closed in order, and is still the file that was closed. When not, every
// page of it is looked at before it is served, which takes seconds for a large one.
//
// A stop in order leaves a note beside the database: its inode, size and time of change. A start
// takes the note away before anything is written. A crash leaves none; a file that was copied,
// restored or written by another program is not the one of the note.
#pragma once

#include <string>

namespace registry {

class CleanStop {
 public:
  explicit CleanStop(std::string database);

  // Takes the note away, and says whether it fits. Throws when it stays.
  bool Take() const;
  // Everything is in the file, and nobody has it open.
  void Leave() const;

 private:
  // Empty: there is no such file, or something of it is still in its log.
  std::string Describe() const;

  const std::string database_;
  const std::string note_;
};

}  // namespace registry
