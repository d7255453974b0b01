// A SettingsFile is a file of somebody else's program that we change: whole or not at all, its mode
// and links kept, and with a way back.
//
// Before each write the old content is put beside it as `NAME.portolan-XXXXXXXX.bak`; the eight
// digits are of the content that was written. So undo finds what belongs to the state the file is
// in, step by step, and touches nothing once anybody else has changed it.
#pragma once

#include <string>

#include "base/result.h"

namespace cli {

class SettingsFile {
 public:
  explicit SettingsFile(std::string path);

  // As given; a link is followed when reading and writing.
  const std::string& path() const { return path_; }

  // Empty when there is no file. At most 16 MiB.
  base::Result<std::string> Read() const;
  // Returns the path of the backup; empty when nothing changed and nothing was written.
  base::Result<std::string> Write(const std::string& content) const;
  // The state before the last write; a file that we made goes. kFailedPrecondition: it is not as
  // we left it. kNotFound: there is nothing to undo.
  base::Result<void> Undo() const;

 private:
  std::string BackupOf(const std::string& content) const;

  const std::string path_;
  // What the link points to.
  const std::string target_;
};

}  // namespace cli
